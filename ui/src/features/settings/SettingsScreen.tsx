// What can be set in this window, and what the runtime was started with.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { health } from "@/bridge/queries";
import { bytes, count } from "@/model/format";
import { CopyButton } from "@/widgets/copy";
import { type Segment, Segments } from "@/widgets/segments";
import { Failure } from "@/widgets/states";
import { type Theme, useTheme } from "@/widgets/theme";
import { Ago } from "@/widgets/time";

const THEMES: Segment<Theme>[] = [
  { value: "system", word: "As the system" },
  { value: "light", word: "Light" },
  { value: "dark", word: "Dark" },
];

export function SettingsScreen() {
  const { theme, setTheme } = useTheme();
  const { data, error } = useQuery(health);
  return (
    <section aria-label="Settings" className="h-full overflow-y-auto">
      <div className="mx-auto max-w-3xl px-6 py-6">
        <h1 className="font-semibold text-lg">Settings</h1>
        <Group title="Appearance">
          <Segments label="Theme" value={theme} onValue={setTheme} segments={THEMES} />
        </Group>
        {error && <Failure error={error} />}
        {data && (
          <>
            <Group
              title="Runtime"
              says="Set by flags, SWITCHTOWER_… variables or switchtower.toml; see switchtower serve --help."
            >
              <Line name="Version">{data.version}</Line>
              <Line name="Proxy" copy={data.proxy}>
                {data.proxy}
              </Line>
              {data.console !== null && (
                <Line name="Console" copy={data.console}>
                  {data.console}
                </Line>
              )}
              <Line name="Data folder" copy={data.data}>
                {data.data}
              </Line>
              <Line name="Running for">
                <Ago at={data.started_at} />
              </Line>
              <Line name="Ledger">{bytes(data.ledger.bytes)}</Line>
              <Line name="Passed through unrecorded">{count(data.passed_through)} requests</Line>
            </Group>
            <Group
              title="Providers"
              says="Keys are passed through from the agent unless the configuration names a source; none is shown here."
            >
              <table className="w-full text-sm">
                <tbody>
                  {data.providers.map((provider) => (
                    <tr key={provider.name} className="h-7 border-line border-t first:border-t-0">
                      <td className="w-32">{provider.name}</td>
                      <td className="w-28 text-muted">{provider.dialect}</td>
                      <td className="truncate font-mono text-[12px] text-muted">{provider.base_url}</td>
                      <td className="text-right text-muted">{provider.api_key}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </Group>
          </>
        )}
      </div>
    </section>
  );
}

function Group({ title, says, children }: { title: string; says?: string; children: ReactNode }) {
  return (
    <section aria-label={title} className="mt-6">
      <h2 className="font-medium">{title}</h2>
      {says !== undefined && <p className="text-muted text-sm">{says}</p>}
      <div className="mt-2">{children}</div>
    </section>
  );
}

function Line({ name, copy, children }: { name: string; copy?: string; children: ReactNode }) {
  return (
    <div className="flex h-7 items-center gap-3 border-line border-t text-sm first:border-t-0">
      <span className="w-48 shrink-0 text-muted">{name}</span>
      <span className="truncate">{children}</span>
      {copy !== undefined && <CopyButton text={copy} label={`Copy ${name.toLowerCase()}`} />}
    </div>
  );
}
