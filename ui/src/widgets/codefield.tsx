// A code editor for JSON and plain text: lint as it is typed, and what changed against the original in place.
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json, jsonParseLinter } from "@codemirror/lang-json";
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { linter, lintGutter } from "@codemirror/lint";
import { unifiedMergeView } from "@codemirror/merge";
import { Compartment, EditorState, type Extension } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { useEffect, useRef } from "react";

const LOOK = EditorView.theme({
  "&": { backgroundColor: "var(--canvas)", fontSize: "12px", maxHeight: "100%" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--font-mono)", lineHeight: "18px", overflow: "auto" },
  ".cm-content": { caretColor: "var(--slate-12)", padding: "4px 0" },
  ".cm-gutters": { backgroundColor: "var(--canvas)", color: "var(--slate-10)", border: "none" },
  ".cm-cursor": { borderLeftColor: "var(--slate-12)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", border: "1px solid var(--slate-7)", color: "var(--slate-12)" },
  ".cm-diagnostic": { padding: "2px 8px" },
  ".cm-deletedChunk": { backgroundColor: "var(--red-3)", paddingLeft: "6px" },
  "&.cm-merge-b .cm-changedLine": { backgroundColor: "var(--grass-3)" },
  "&.cm-merge-b .cm-changedText": { background: "var(--grass-5)" },
  ".cm-deletedChunk .cm-deletedText": { background: "var(--red-5)" },
  ".cm-collapsedLines": { background: "var(--slate-3)", color: "var(--slate-11)" },
});

const COLORS = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--blue-11)" },
  { tag: tags.string, color: "var(--teal-11)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--purple-11)" },
]);

type Props = {
  label: string;
  text: string;
  onText: (text: string) => void;
  language: "json" | "text";
  /** What it was before; changes are marked where given. */
  original?: string;
};

export default function CodeField({ label, text, onText, language, original }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const tell = useRef(onText);
  tell.current = onText;
  const begun = useRef(text);
  const compared = useRef(new Compartment());

  useEffect(() => {
    if (!place.current) return;
    const parts: Extension[] = [
      lineNumbers(),
      history(),
      keymap.of([...defaultKeymap, ...historyKeymap].filter(({ key }) => key !== "Mod-Enter")),
      EditorView.lineWrapping,
      LOOK,
      EditorView.contentAttributes.of({ "aria-label": label, spellcheck: "false" }),
      EditorView.updateListener.of((update) => update.docChanged && tell.current(update.state.doc.toString())),
      compared.current.of([]),
    ];
    if (language === "json")
      parts.push(json(), syntaxHighlighting(COLORS), linter(jsonParseLinter(), { delay: 200 }), lintGutter());
    const made = new EditorView({
      parent: place.current,
      state: EditorState.create({ doc: begun.current, extensions: parts }),
    });
    view.current = made;
    return () => {
      begun.current = made.state.doc.toString();
      made.destroy();
      view.current = null;
    };
  }, [label, language]);

  useEffect(() => {
    const shown =
      original === undefined
        ? []
        : unifiedMergeView({ original, mergeControls: false, gutter: false, collapseUnchanged: { margin: 3 } });
    view.current?.dispatch({ effects: compared.current.reconfigure(shown) });
  }, [original]);

  // Changed from outside, as by the form.
  useEffect(() => {
    const doc = view.current?.state.doc;
    if (view.current && doc && doc.toString() !== text)
      view.current.dispatch({ changes: { from: 0, to: doc.length, insert: text } });
  }, [text]);

  return <div ref={place} className="max-h-[46vh] overflow-auto rounded border border-edge bg-canvas" />;
}
