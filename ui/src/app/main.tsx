import "./styles.css";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { adoptToken, CommandError, followPlaces } from "@/bridge";
import { followChanges } from "@/features/live";
import { fetchScreens, router } from "./router";

adoptToken();

const client = new QueryClient({
  defaultOptions: {
    queries: {
      // Changes are told by the event stream; until one comes, what is here holds.
      staleTime: 30_000,
      gcTime: 120_000,
      refetchOnWindowFocus: false,
      // An answer that refuses is final; only silence is worth another try.
      retry: (failures, error) => failures < 2 && error instanceof CommandError && error.status === 0,
    },
  },
});
followChanges(client);
void followPlaces((path) => router.history.push(path));

const root = document.getElementById("root");
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={client}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </StrictMode>,
  );
}
// After the first screen has what it needs.
setTimeout(fetchScreens, 500);
