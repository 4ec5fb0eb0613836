// Every screen has an address.
import { createRootRoute, createRoute, createRouter, Link, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { Signpost } from "lucide-react";
import { SessionsScreen } from "@/features/sessions";
import { SessionScreen } from "@/features/timeline";
import { Empty, Failure } from "@/widgets/states";
import { Shell } from "./Shell";

type Given = Record<string, unknown>;
const word = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });
const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/sessions", replace: true });
  },
});
const overview = createRoute({
  getParentRoute: () => root,
  path: "/overview",
  component: lazyRouteComponent(() => import("@/features/overview"), "OverviewScreen"),
});
const sessions = createRoute({
  getParentRoute: () => root,
  path: "/sessions",
  validateSearch: (given: Given): { q?: string } => {
    // A number or a boolean alone in the query arrives parsed.
    const q = given.q === undefined ? undefined : word(String(given.q));
    return q === undefined ? {} : { q };
  },
  component: SessionsScreen,
});
const session = createRoute({ getParentRoute: () => root, path: "/sessions/$session", component: SessionScreen });
const step = createRoute({
  getParentRoute: () => session,
  path: "/steps/$exchange",
  validateSearch: (given: Given): { tab?: string } => {
    const tab = word(given.tab);
    return tab === undefined ? {} : { tab };
  },
  component: lazyRouteComponent(() => import("@/features/step"), "StepPanel"),
});
const compare = createRoute({
  getParentRoute: () => root,
  path: "/compare/$exchange/$with",
  component: lazyRouteComponent(() => import("@/features/fork"), "CompareScreen"),
});
const approvals = createRoute({
  getParentRoute: () => root,
  path: "/approvals",
  validateSearch: (given: Given): { id?: string; tab?: string } => {
    const id = word(given.id);
    const tab = word(given.tab);
    return { ...(id === undefined ? {} : { id }), ...(tab === undefined ? {} : { tab }) };
  },
  component: lazyRouteComponent(() => import("@/features/approvals"), "ApprovalsScreen"),
});
const policies = createRoute({
  getParentRoute: () => root,
  path: "/policies",
  component: lazyRouteComponent(() => import("@/features/policies"), "PoliciesScreen"),
});
const policy = createRoute({
  getParentRoute: () => policies,
  path: "/$name",
  validateSearch: (given: Given): { rule?: string } => {
    const rule = word(given.rule);
    return rule === undefined ? {} : { rule };
  },
});
const connect = createRoute({
  getParentRoute: () => root,
  path: "/connect",
  component: lazyRouteComponent(() => import("@/features/connect"), "ConnectScreen"),
});
const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(() => import("@/features/settings"), "SettingsScreen"),
});

const tree = root.addChildren([
  home,
  overview,
  sessions,
  session.addChildren([step]),
  compare,
  approvals,
  policies.addChildren([policy]),
  connect,
  settings,
]);

export const router = createRouter({
  routeTree: tree,
  defaultPreload: false,
  defaultErrorComponent: ({ error, reset }) => <Failure error={error} again={reset} />,
});

/** Fetches what the other screens are made of, so that they open even where the runtime has gone. */
export function fetchScreens(): void {
  for (const screen of [overview, step, compare, approvals, policies, connect, settings]) {
    const component = screen.options?.component;
    void component?.preload?.()?.catch(() => undefined);
  }
}

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}

function NotFound() {
  return (
    <Empty icon={Signpost} title="Nothing is at this address">
      <Link to="/sessions" className="link">
        Go to the sessions
      </Link>
    </Empty>
  );
}
