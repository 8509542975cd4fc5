/** More arrived than the screen shows. It is counted, and shown when the reader asks: rows never move under a pointer. */

import { Button } from "@fluentui/react-components";
import { useText } from "../../text/language";
import { SHARED } from "../../text/shared";
import { Icon } from "../icons";

export function Newer({ count, onShow }: { count: number; onShow: () => void }) {
  const text = useText(SHARED);
  return (
    <span role="status">
      {count > 0 && (
        <Button appearance="primary" shape="circular" size="small" icon={<Icon name="up" size={12} />} onClick={onShow}>
          {text.newer(count)}
        </Button>
      )}
    </span>
  );
}
