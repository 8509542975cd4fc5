/** Calls of a trigger for those who write the caller: a shell, ABAP, a flow of Power Automate. */

export const LANGUAGES = ["curl", "abap", "flow"] as const;
export type SnippetLanguage = (typeof LANGUAGES)[number];

export interface Target {
  /** Such as `https://looply.example.com`. */
  origin: string;
  workflowId: string;
  /** JSON text of a body. */
  body: string;
}

export function triggerUrl({ origin, workflowId }: Pick<Target, "origin" | "workflowId">): string {
  return `${origin}/v2/workflows/triggerworkflow/${encodeURIComponent(workflowId)}`;
}

/** Returns the address to which a test payload of a version is sent; nothing runs. */
export function testUrl(target: Pick<Target, "origin" | "workflowId">, version: number): string {
  return `${triggerUrl(target)}/${version}?test=true`;
}

export function snippetOf(language: SnippetLanguage, target: Target): string {
  const url = triggerUrl(target);
  const writers: Readonly<Record<SnippetLanguage, () => string>> = {
    curl: () => curlOf(url, target.body),
    abap: () => abapOf(target),
    flow: () => flowOf(url, target.body),
  };
  return writers[language]();
}

function curlOf(url: string, body: string): string {
  const quoted = body.replaceAll("'", `'\\''`);
  return [
    `curl -X POST '${url}' \\`,
    `  -H "x-api-key: $LOOPLY_API_KEY" -H 'Content-Type: application/json' \\`,
    `  -d '${quoted}'`,
  ].join("\n");
}

/** Classic ABAP with an RFC destination LOOPLY, whose logon data hold the key. */
function abapOf({ workflowId, body }: Target): string {
  const text = body.replaceAll("\\", "\\\\").replaceAll("|", "\\|").replaceAll("{", "\\{").replaceAll("}", "\\}");
  return [
    `cl_http_client=>create_by_destination( EXPORTING destination = 'LOOPLY'`,
    `                                       IMPORTING client      = DATA(lo_client) ).`,
    `cl_http_utility=>set_request_uri( request = lo_client->request`,
    `                                  uri     = |/v2/workflows/triggerworkflow/${workflowId}| ).`,
    "lo_client->request->set_method( 'POST' ).",
    "lo_client->request->set_content_type( 'application/json' ).",
    "lo_client->request->set_header_field( name = 'x-api-key' value = lv_api_key ).",
    `lo_client->request->set_cdata( |${text.replaceAll("\n", "\\n")}| ).`,
    "lo_client->send( ).",
    "lo_client->receive( ).",
    "lo_client->response->get_status( IMPORTING code = DATA(lv_status) ).",
  ].join("\n");
}

/** The action "HTTP" of Power Automate, as it is pasted into a flow. */
function flowOf(url: string, body: string): string {
  const action = {
    type: "Http",
    inputs: {
      method: "POST",
      uri: url,
      headers: { "x-api-key": "@parameters('LooplyApiKey')", "Content-Type": "application/json" },
      body: JSON.parse(body) as unknown,
    },
  };
  return JSON.stringify(action, null, 2);
}
