import { Field, Textarea } from "@fluentui/react-components";
import { useState } from "react";
import type { FrameAction } from "../../frame/messages";
import { Confirm } from "../../kit/Confirm";
import { useText } from "../../text/language";
import { TEXTS } from "../text";
import { type CardItem, isRefusal, lacksComment, withComment } from "./decide";

interface QuestionProps {
  item: CardItem;
  subject: string;
  action: FrameAction;
  onConfirm: (action: FrameAction) => void;
  onClose: () => void;
}

/** What is asked before an answer is sent: whether to refuse, and a comment where one is needed. */
export function Question({ item, subject, action, onConfirm, onClose }: QuestionProps) {
  const { confirm: text } = useText(TEXTS);
  const [comment, setComment] = useState("");
  const needsComment = lacksComment(item, action);
  return (
    <Confirm
      title={text.title(action.title)}
      verb={action.title}
      isDangerous={isRefusal(action)}
      isBusy={needsComment && comment.trim() === ""}
      onConfirm={() => onConfirm({ ...action, data: withComment(action.data, comment) })}
      onClose={onClose}
    >
      <p>{action.isKey ? text.keyHint(subject) : text.hint(subject)}</p>
      {needsComment && (
        <Field label={text.comment} hint={text.needed} required>
          <Textarea rows={3} value={comment} onChange={(_, { value }) => setComment(value)} />
        </Field>
      )}
    </Confirm>
  );
}
