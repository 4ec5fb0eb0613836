// Edits that are not saved yet: they outlive a change of screen, not a reload.
import { create } from "zustand";

/** `base`: the version that the edit began with; null for a policy that is not there yet. */
export type Draft = { text: string; base: string | null };

type Store = {
  drafts: Record<string, Draft>;
  put: (name: string, draft: Draft) => void;
  drop: (name: string) => void;
};

export const useDrafts = create<Store>((set) => ({
  drafts: {},
  put: (name, draft) => set((store) => ({ drafts: { ...store.drafts, [name]: draft } })),
  drop: (name) =>
    set((store) => ({ drafts: Object.fromEntries(Object.entries(store.drafts).filter(([known]) => known !== name)) })),
}));

/** The name under which a new policy's draft is kept; no policy can be named so. */
export const NEW = "+new";

export const TEMPLATE = `# What this policy is for.
version     = 1
name        = "my-policy"
description = ""

# Until you change it, it only records what it would have done.
[defaults]
mode = "shadow"

[[rule]]
id   = "my-rule"
on   = "tool.call"
when = "tool.name == 'delete_file'"
do   = [{ block = { text = "{{tool.name}} needs a person." } }]
`;
