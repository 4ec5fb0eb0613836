// One line of TOML, quietly coloured; text nodes only.

const LINE = /^(\s*)(#.*)$|^(\s*\[\[?[^\]]*\]\]?)(.*)$|^(\s*[\w.-]+)(\s*=\s*)(.*)$/;

export function Line({ text }: { text: string }) {
  const match = LINE.exec(text);
  if (!match) return <span>{text}</span>;
  const [, space, comment, table, rest, key, equals, value] = match;
  if (comment !== undefined)
    return (
      <span className="text-faint">
        {space}
        {comment}
      </span>
    );
  if (table !== undefined) {
    return (
      <span>
        <span className="font-semibold text-policy">{table}</span>
        <span className="text-faint">{rest}</span>
      </span>
    );
  }
  return (
    <span>
      <span className="text-model">{key}</span>
      <span className="text-faint">{equals}</span>
      {value}
    </span>
  );
}
