/** Which columns the table has, in which order. Both are taken together. */

import { Button, Checkbox } from "@fluentui/react-components";
import { useState } from "react";
import { Confirm } from "../../../kit/Confirm";
import { Icon } from "../../../kit/icons";
import { useMay } from "../../../session/session";
import { useText } from "../../../text/language";
import { TEXTS } from "../../text";
import { COLUMNS, type ColumnId } from "../history-search";
import { AS_DELIVERED, moveColumn } from "./layout";
import styles from "./Table.module.css";
import { useLayout } from "./use-layout";

interface ColumnsDialogProps {
  hidden: readonly ColumnId[];
  onHide: (hidden: readonly ColumnId[]) => void;
  onClose: () => void;
}

export function ColumnsDialog({ hidden, onHide, onClose }: ColumnsDialogProps) {
  const text = useText(TEXTS).history;
  const { layout, change, isPending, error } = useLayout();
  // Values of search fields are data, which the server does not send to every reader.
  const mayRead = useMay("read.payloads");
  const isMissing = (column: ColumnId): boolean => column === "fields" && !mayRead;
  const [order, setOrder] = useState(layout.order);
  const [left, setLeft] = useState<readonly ColumnId[]>(hidden);
  const [widths, setWidths] = useState(layout.widths);
  const turn = (column: ColumnId, isShown: boolean): void =>
    setLeft(isShown ? left.filter((each) => each !== column) : [...left, column]);
  const reset = (): void => {
    setOrder(AS_DELIVERED.order);
    setWidths(AS_DELIVERED.widths);
    setLeft([]);
  };
  const take = (): void => {
    const onSuccess = (): void => {
      onHide(COLUMNS.filter((column) => left.includes(column)));
      onClose();
    };
    change({ order, widths }, { onSuccess });
  };
  return (
    <Confirm
      title={text.columns}
      verb={text.takeColumns}
      isBusy={isPending}
      error={error}
      onConfirm={take}
      onClose={onClose}
    >
      <p>{text.columnsHint}</p>
      <ol className={styles.columnList}>
        {order.map((column, at) => (
          <li key={column}>
            <Checkbox
              label={isMissing(column) ? text.noFields("read.payloads") : text.heads[column]}
              checked={!left.includes(column) && !isMissing(column)}
              disabled={isMissing(column)}
              onChange={(_, { checked }) => turn(column, checked === true)}
            />
            <Button
              appearance="subtle"
              size="small"
              icon={<Icon name="up" size={16} />}
              aria-label={text.moveBefore(text.heads[column])}
              disabled={at === 0}
              onClick={() => setOrder(moveColumn(order, column, -1))}
            />
            <Button
              appearance="subtle"
              size="small"
              icon={<Icon name="down" size={16} />}
              aria-label={text.moveAfter(text.heads[column])}
              disabled={at === order.length - 1}
              onClick={() => setOrder(moveColumn(order, column, 1))}
            />
          </li>
        ))}
      </ol>
      <Button onClick={reset}>{text.resetColumns}</Button>
    </Confirm>
  );
}
