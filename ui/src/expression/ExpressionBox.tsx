/** The control of a text that may hold expressions: chips, the editor, and what the server says while it is edited. */

import { boundText } from "../shared/expressions";
import { ChipsView } from "./ChipsView";
import { ExpressionFeedback } from "./ExpressionFeedback";
import { TextBox, type TextBoxProps } from "./editor/TextBox";

type ExpressionBoxProps = Omit<TextBoxProps, "mode" | "view" | "feedback">;

export function ExpressionBox(props: ExpressionBoxProps) {
  const { expected = "text", isBare = false } = props;
  return (
    <TextBox
      {...props}
      expected={expected}
      view={(text) => <ChipsView text={isBare ? boundText(text).text : text} />}
      feedback={(text, editor) => (
        <ExpressionFeedback text={text} expected={expected} isBare={isBare} editor={editor} />
      )}
    />
  );
}
