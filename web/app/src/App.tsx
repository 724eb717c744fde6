import { HoldfastProvider, Problem, useNewClient, useWebSocketConnection } from "@holdfast/react";
import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { type ReactNode, useEffect, useMemo } from "react";
import { useSearchParams } from "wouter";
import { Freshen } from "./data/Freshen.js";
import { useOne } from "./data/queries.js";
import type { Me } from "./data/rows.js";
import { Skeleton } from "./parts/index.js";
import { KeysProvider } from "./shell/keys.js";
import { NoticesProvider } from "./shell/notices.js";
import { Shell } from "./shell/Shell.js";
import { SignIn } from "./shell/SignIn.js";

/** The HTTP status of who is not signed in. */
const UNKNOWN = 401;
/** One may be the network's. */
const FAILURES_TO_ASK = 2;

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

/** Nothing is asked for before it is known who asks; a session that has ended is noticed when the connection does not come back. */
function SignedIn(): ReactNode {
  const me = useOne<Me>("me");
  const { failures } = useWebSocketConnection();
  const { refetch } = me;
  useEffect(() => {
    if (failures === FAILURES_TO_ASK) void refetch();
  }, [failures, refetch]);
  if (me.error?.status === UNKNOWN) return <SignIn again={() => void refetch()} />;
  if (me.isPending) return <Skeleton />;
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
