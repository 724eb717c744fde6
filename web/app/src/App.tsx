import { HoldfastProvider, Problem, useNewClient } from "@holdfast/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useMemo } from "react";
import { useSearchParams } from "wouter";
import { Freshen } from "./data/Freshen.js";
import { useOne } from "./data/queries.js";
import type { Me } from "./data/rows.js";
import { KeysProvider } from "./shell/keys.js";
import { NoticesProvider } from "./shell/notices.js";
import { Shell } from "./shell/Shell.js";
import { SignIn } from "./shell/SignIn.js";

/** The HTTP status of who is not signed in. */
const UNKNOWN = 401;

/** The dashboard: a client for the venture that the address names, and the shell on it. */
export function App(): ReactNode {
  const [search] = useSearchParams();
  const venture = search.get("venture") ?? undefined;
  return <Venture key={venture ?? ""} venture={venture} />;
}

function Venture({ venture }: { venture: string | undefined }): ReactNode {
  const client = useNewClient(venture === undefined ? {} : { venture });
  const queries = useMemo(newQueries, []);
  return (
    <HoldfastProvider client={client}>
      <QueryClientProvider client={queries}>
        <KeysProvider>
          <NoticesProvider>
            <SignedIn />
          </NoticesProvider>
        </KeysProvider>
      </QueryClientProvider>
    </HoldfastProvider>
  );
}

function SignedIn(): ReactNode {
  const me = useOne<Me>("me");
  if (me.error?.status === UNKNOWN) return <SignIn again={() => void me.refetch()} />;
  return (
    <>
      <Freshen />
      <Shell />
    </>
  );
}

function newQueries(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The live feed says when something is stale.
        staleTime: 60_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) => error instanceof Problem && error.isAway && failures < 5,
      },
    },
  });
}
