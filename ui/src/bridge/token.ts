// The console's token comes once in the address and is then kept for this tab only.
const KEY = "switchtower.token";

export function adoptToken(): void {
  const url = new URL(location.href);
  const given = url.searchParams.get("token");
  if (given === null) return;
  sessionStorage.setItem(KEY, given);
  url.searchParams.delete("token");
  history.replaceState(null, "", url.pathname + url.search + url.hash);
}

export function token(): string {
  return sessionStorage.getItem(KEY) ?? "";
}
