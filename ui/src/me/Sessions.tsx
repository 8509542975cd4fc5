import { Button } from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../api/context";
import { sessionsQuery } from "../api/queries/session/session";
import type { Schema } from "../api/types";
import { Answer } from "../kit/Answer";
import { Chip } from "../kit/Chip";
import { type Column, DataTable } from "../kit/DataTable";
import { useLive } from "../kit/live";
import { Section } from "../kit/Page";
import { Problem } from "../kit/states/Problem";
import { useText } from "../text/language";
import { Time } from "../text/time";
import { browserOf } from "./browsers";
import { TEXTS } from "./text";
import type { MeText } from "./text.en";

type Session = Schema<"SessionRecord">;

/** Where the person is signed in. */
export function Sessions() {
  const text = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const query = useQuery(sessionsQuery(api));
  useLive(query.refetch);
  const end = useMutation({
    mutationFn: (sessionId: string) => api.call("endSession", { session_id: sessionId }),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["sessions"] }),
  });
  const columns: Column<Session>[] = [
    { id: "device", head: text.device, cell: (session) => nameOf(session, text) },
    { id: "address", head: text.address, cell: ({ address }) => address },
    { id: "begun", head: text.begun, cell: ({ created_on }) => <Time at={created_on} /> },
    { id: "seen", head: text.lastSeen, cell: ({ last_seen_on }) => <Time at={last_seen_on} /> },
    {
      id: "end",
      head: "",
      isRight: true,
      cell: (session) =>
        session.is_current ? (
          <Chip tone="done">{text.thisSession}</Chip>
        ) : (
          <Button
            size="small"
            aria-label={text.endOf(nameOf(session, text))}
            disabled={end.isPending}
            onClick={() => end.mutate(session.session_id)}
          >
            {text.end}
          </Button>
        ),
    },
  ];
  return (
    <Section title={text.sessions} hint={text.sessionsHint}>
      {end.error && <Problem error={end.error} shape="bar" />}
      <Answer query={query}>
        {({ items }) => (
          <DataTable label={text.sessions} columns={columns} rows={items} keyOf={({ session_id }) => session_id} />
        )}
      </Answer>
    </Section>
  );
}

function nameOf(session: Session, text: MeText): string {
  const { browser, system } = browserOf(session.user_agent);
  if (browser !== null && system !== null) return text.on(browser, system);
  return browser ?? system ?? (session.user_agent || text.unknownDevice);
}
