import { KeyRound } from "lucide-react";
import { Empty } from "@/widgets/states";

/** The console refused this page: its address lacks the token. */
export function NoEntry() {
  return (
    <main className="h-full">
      <Empty icon={KeyRound} title="This page needs the console's token">
        Open the address that <code className="text-sm">switchtower serve</code> printed, with{" "}
        <code className="text-sm">?token=…</code> at its end. The token is also in the file{" "}
        <code className="text-sm">console.token</code> of the data folder.
      </Empty>
    </main>
  );
}
