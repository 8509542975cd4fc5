/** Several requests with one answer: their facts before, and a result for each after. */

import {
  Button,
  Dialog,
  DialogActions,
  DialogBody,
  DialogContent,
  DialogSurface,
  DialogTitle,
  Field,
  Textarea,
} from "@fluentui/react-components";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useApi } from "../../api/context";
import { INBOX, myCardQuery } from "../../api/queries/inbox/inbox";
import { Problem } from "../../kit/states/Problem";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import styles from "../Card.module.css";
import type { CardRow } from "../list/row";
import { TEXTS } from "../text";
import { BulkTable } from "./BulkTable";
import { type BulkButton, buttonsOf, MOST, type Result, remainingSelection } from "./bulk";
import { inOrder, isRefusal, lacksComment, withComment } from "./decide";

interface BulkDialogProps {
  cards: readonly CardRow[];
  /** `left` stays selected; `recorded` is decided. */
  onClose: (left: ReadonlySet<string>, recorded: readonly string[]) => void;
}

export function BulkDialog({ cards: given, onClose }: BulkDialogProps) {
  const { bulk: text, codes } = useText(TEXTS);
  const shared = useText(SHARED);
  const [cards] = useState(() => given.slice(0, MOST));
  const [comment, setComment] = useState("");
  const [asked, setAsked] = useState<BulkButton | null>(null);
  const example = useQuery(myCardQuery(useApi(), cards[0]?.card_id ?? ""));
  const answer = useAnswerAll(cards);
  const results = answer.data;
  const recorded = results?.filter(({ result }) => result === "recorded").map(({ card_id }) => card_id) ?? [];
  const close = (): void => onClose(results === undefined ? new Set() : remainingSelection(results), recorded);
  const item = example.data?.item;
  const isMissing = (button: BulkButton): boolean =>
    item !== undefined && lacksComment(item, { ...button, data: withComment(button.data, comment) });
  const press = (button: BulkButton): void => {
    const isSure = !isRefusal(button) || asked?.title === button.title;
    setAsked(isSure ? null : button);
    if (isSure) answer.mutate(withComment(button.data, comment));
  };
  return (
    <Dialog open onOpenChange={(_, { open }) => !open && close()}>
      <DialogSurface className={styles.wide}>
        <DialogBody>
          <DialogTitle>{text.title(cards.length)}</DialogTitle>
          <DialogContent className={styles.bulk}>
            <p role="status">{results ? text.done(recorded.length, cards.length) : text.hint}</p>
            {answer.error !== null && <Problem error={answer.error} words={codes} shape="bar" />}
            {example.error !== null && <Problem error={example.error} words={codes} shape="bar" />}
            {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, by keys too */}
            <section className={styles.facts} aria-label={text.facts} tabIndex={0}>
              <BulkTable cards={cards} {...(results && { results })} />
            </section>
            {!results && (
              <Field label={text.comment}>
                <Textarea rows={2} value={comment} onChange={(_, { value }) => setComment(value)} />
              </Field>
            )}
            {asked !== null && <p role="alert">{text.sure(asked.title, cards.length)}</p>}
            {asked !== null && isMissing(asked) && <p role="alert">{text.commentNeeded}</p>}
          </DialogContent>
          <DialogActions fluid>
            <Button onClick={close}>{results ? shared.close : shared.cancel}</Button>
            {!results &&
              inOrder(buttonsOf(item?.card)).map((button) => (
                <Button
                  key={JSON.stringify(button.data)}
                  appearance={button.style === "positive" ? "primary" : "outline"}
                  className={button.style === "destructive" ? styles.destructive : undefined}
                  disabled={answer.isPending || (isMissing(button) && asked?.title === button.title)}
                  onClick={() => press(button)}
                >
                  {text.verb(button.title, cards.length)}
                </Button>
              ))}
          </DialogActions>
        </DialogBody>
      </DialogSurface>
    </Dialog>
  );
}

/** Sends one answer to all cards, each bound to the revision that the table shows. */
function useAnswerAll(cards: readonly CardRow[]) {
  const api = useApi();
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (data: BulkButton["data"]): Promise<readonly Result[]> => {
      const answers = cards.map(({ card_id, revision }) => ({ card_id, revision, data }));
      return (await api.call("answerCards", { answers })).items;
    },
    onSettled: () => queries.invalidateQueries({ queryKey: INBOX }),
  });
}
