import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useApi } from "../../api/context";
import type { CardVersion } from "../../api/queries/cards/cards";
import type { Journals } from "../../editing/keeping/journals";
import { useMay, useSession } from "../../session/session";
import { useText } from "../../text/language";
import type { CardSearch } from "../designer/address";
import { TEXTS } from "../designer/text";
import { useWritten, type Written } from "../json/use-written";
import { keyOfSample } from "../saving/journals";
import { documentOf, parseSample } from "./sample";
import { type LinkedWorkflow, sourcesQuery } from "./sources";

interface Sample {
  data: unknown;
  written: Written;
  linked: LinkedWorkflow | null;
  take: (data: unknown) => void;
}

const EMPTY = documentOf({});

/** The sample data of a card: what was written last in this browser, else what the workflow says of its payload. */
export function useSample(card: CardVersion, search: CardSearch, samples: Journals): Sample {
  const text = useText(TEXTS);
  const { user, limits } = useSession();
  const key = keyOfSample(user.user_id, card);
  const [data, setData] = useState<unknown>(EMPTY);
  const [isChosen, setIsChosen] = useState(false);
  const linked = useLinked(card, search);
  const take = (next: unknown): void => {
    setIsChosen(true);
    setData(next);
    void samples.write(key, JSON.stringify(next));
  };
  useEffect(() => {
    let isGone = false;
    void samples.read(key).then((kept) => {
      const found = kept === null ? null : readSample(kept);
      if (isGone || found === null) return;
      setIsChosen(true);
      setData(found.data);
    });
    return () => {
      isGone = true;
    };
  }, [samples, key]);
  useFirstSource(linked, isChosen, setData);
  const written = useWritten(data, format, (source) => {
    const parsed = parseSample(source, limits.body_bytes);
    if (parsed.kind === "too-large") return { wrong: text.sampleTooLarge };
    if (parsed.kind === "wrong") return { wrong: parsed.message };
    return {
      take: () => {
        take(parsed.value);
        return parsed.value;
      },
    };
  });
  return { data, written, linked, take };
}

/** The workflow from whose step the designer was opened, else the one that the card was made for. */
function useLinked(
  card: CardVersion,
  { workflow_id: workflow, workflow_version: version }: CardSearch,
): LinkedWorkflow | null {
  const id = workflow ?? card.workflow_id;
  const number = workflow === undefined ? card.workflow_version : (version ?? null);
  return useMemo(() => (id === null || number === null ? null : { workflowId: id, version: number }), [id, number]);
}

/** Takes the first source of the workflow, until the reader has chosen or written data. */
function useFirstSource(linked: LinkedWorkflow | null, isChosen: boolean, onData: (data: unknown) => void): void {
  const { data: sources } = useQuery(sourcesQuery(useApi(), linked, useMay("read.payloads")));
  const first = sources?.find(({ kind }) => kind !== "execution");
  useEffect(() => {
    if (first === undefined || isChosen) return;
    let isGone = false;
    void first.load().then((data) => !isGone && onData(data));
    return () => {
      isGone = true;
    };
  }, [first, isChosen, onData]);
}

/** Null for a text that was cut off when the browser ended. */
function readSample(text: string): { data: unknown } | null {
  try {
    return { data: JSON.parse(text) };
  } catch {
    return null;
  }
}

function format(data: unknown): string {
  return JSON.stringify(data, null, 2) ?? "";
}
