import { Chip } from "../../kit/Chip";
import { type Column, DataTable } from "../../kit/DataTable";
import { useSession } from "../../session/session";
import { useText } from "../../text/language";
import { useTimes } from "../../text/time";
import { type CardRow, shortAddress, withDates } from "../list/row";
import { TEXTS } from "../text";
import { factLabels, type Result } from "./bulk";
import { raceText } from "./decide";

interface BulkTableProps {
  cards: readonly CardRow[];
  results?: readonly Result[];
}

/** The facts of several requests, and what became of the answer to each. */
export function BulkTable({ cards, results }: BulkTableProps) {
  const text = useText(TEXTS);
  const { formats } = useTimes();
  const columns: Column<CardRow>[] = [
    { id: "subject", head: text.bulk.request, cell: ({ subject }) => subject || text.noSubject },
    ...factLabels(cards).map((label) => ({
      id: `fact-${label}`,
      head: label,
      cell: ({ key_facts }: CardRow) => withDates(key_facts.find((fact) => fact.label === label)?.value ?? "", formats),
    })),
  ];
  if (results) {
    columns.push({
      id: "result",
      head: text.bulk.result,
      cell: ({ card_id }) => <Became result={results.find((each) => each.card_id === card_id)} />,
    });
  } else {
    const cell = ({ requester }: CardRow): string => (requester ? shortAddress(requester) : "");
    columns.push({ id: "requester", head: text.bulk.requester, cell });
  }
  return <DataTable label={text.list} columns={columns} rows={cards} keyOf={({ card_id }) => card_id} />;
}

function Became({ result }: { result: Result | undefined }) {
  const text = useText(TEXTS);
  const reader = useSession().user.email;
  const { formats, now } = useTimes();
  switch (result?.result) {
    case "recorded":
      return <Chip tone="done">{text.bulk.recorded}</Chip>;
    case "already answered":
      return raceText(text.race, result, (at) => formats.short(at, now), reader);
    case "changed":
      return <Chip tone="retry">{text.bulk.changed}</Chip>;
    case "refused":
      return text.codes[result.code ?? ""] ?? text.refused(result.text ?? "");
    default:
      return <Chip tone="retry">{text.bulk.unknown}</Chip>;
  }
}
