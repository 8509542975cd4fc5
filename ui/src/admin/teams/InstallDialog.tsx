/** Asks before the app is installed for many people, and says how many they are. */

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useApi } from "../../api/context";
import { type Choice, TEAMS_INSTALLATIONS, teamsForecastQuery } from "../../api/queries/admin/teams";
import { Answer } from "../../kit/Answer";
import { Confirm } from "../../kit/Confirm";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { LACK_APP } from "./status";
import own from "./teams.module.css";

interface InstallDialogProps {
  name: string;
  choice: Choice;
  onStarted: () => void;
  onClose: () => void;
}

export function InstallDialog({ name, choice, onStarted, onClose }: InstallDialogProps) {
  const { teams: text } = useText(TEXTS);
  const api = useApi();
  const queries = useQueryClient();
  const forecast = useQuery(teamsForecastQuery(api, name, choice));
  const start = useMutation({
    mutationFn: () => api.call("installTeamsApp", { name, ...(forecast.data?.asked ?? choice) }),
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: [TEAMS_INSTALLATIONS] });
      onStarted();
    },
  });
  const isNone = forecast.data === undefined || forecast.data.people === 0;
  return (
    <Confirm
      title={text.installTitle}
      verb={text.install}
      isBusy={start.isPending || isNone}
      error={start.error}
      words={text.words}
      onConfirm={() => start.mutate()}
      onClose={onClose}
    >
      <p>{text.installHint}</p>
      <Answer query={forecast} rows={2} words={text.words}>
        {({ people, skipped, truncated, items }) => (
          <>
            <p>
              <strong>{text.forecast(people)}</strong>
            </p>
            {people === 0 && "missing" in choice && (
              <p>{text.noneLacks(LACK_APP.map((status) => text.statuses[status]))}</p>
            )}
            {items.length > 0 && <p className={own.names}>{items.map((item) => item.name).join(", ")}</p>}
            {skipped > 0 && <p>{text.skipped(skipped)}</p>}
            {truncated && <p>{text.truncated}</p>}
          </>
        )}
      </Answer>
    </Confirm>
  );
}
