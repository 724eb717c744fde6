// @vitest-environment happy-dom
import { act, cleanup, fireEvent, render, screen } from "@testing-library/react";
import { type ReactNode, useState } from "react";
import { afterEach, expect, test } from "vitest";
import { Confirm, useListKeys } from "../src/parts/index.js";
import { tideOf } from "../src/parts/TideMark.js";
import { KeysHelp } from "../src/shell/KeysHelp.js";
import { KeysProvider, useKeys } from "../src/shell/keys.js";

afterEach(cleanup);

const press = (key: string, more = {}) => act(() => fireEvent.keyDown(document.body, { key, ...more }));

function Pressed({ isInner = false }: { isInner?: boolean }): ReactNode {
  const [pressed, setPressed] = useState("");
  useKeys([
    { keys: "g f", label: "Fleet", run: () => setPressed("fleet") },
    { keys: "f", label: "Follow", run: () => setPressed("follow") },
    { keys: "mod+k", label: "Go anywhere", run: () => setPressed("anywhere"), isGlobal: true },
  ]);
  return (
    <>
      <output>{pressed}</output>
      <input aria-label="field" />
      {isInner && <Inner />}
    </>
  );
}

function Inner(): ReactNode {
  const [count, setCount] = useState(0);
  useKeys([{ keys: "f", label: "Inner", run: () => setCount(count + 1) }]);
  return <b>{count}</b>;
}

const shown = () => screen.getByRole("status").textContent;

test("two keys after each other are one, and the second alone is another", () => {
  render(<Pressed />, { wrapper: KeysProvider });
  press("f");
  expect(shown()).toBe("follow");
  press("g");
  press("f");
  expect(shown()).toBe("fleet");
});

test("who writes is not heard, but for keys that go everywhere", () => {
  render(<Pressed />, { wrapper: KeysProvider });
  const field = screen.getByLabelText("field");
  act(() => fireEvent.keyDown(field, { key: "f" }));
  expect(shown()).toBe("");
  act(() => fireEvent.keyDown(field, { key: "k", ctrlKey: true }));
  expect(shown()).toBe("anywhere");
});

test("the innermost binding of a key acts, with the newest state, until it goes", () => {
  const { rerender } = render(<Pressed isInner />, { wrapper: KeysProvider });
  press("f");
  press("f");
  expect(screen.getByText("2")).toBeTruthy();
  rerender(<Pressed />);
  press("f");
  expect(shown()).toBe("follow");
});

test("? lists what the keys do", () => {
  render(
    <>
      <Pressed />
      <KeysHelp close={() => undefined} />
    </>,
    { wrapper: KeysProvider },
  );
  expect(screen.getByText("Go anywhere")).toBeTruthy();
  expect(screen.getAllByText("⌘K")).toHaveLength(1);
});

function Numbers({ opened }: { opened: string[] }): ReactNode {
  const cursor = useListKeys(["a", "b", "c"], id => opened.push(id));
  return <output>{cursor}</output>;
}

test("j and k move through a list and stop at its ends, enter opens", () => {
  const opened: string[] = [];
  render(<Numbers opened={opened} />, { wrapper: KeysProvider });
  for (const key of ["j", "j", "j", "j"]) press(key);
  expect(shown()).toBe("c");
  press("k");
  press("Enter");
  expect(opened).toEqual(["b"]);
});

test("what needs a reason is not done without one", () => {
  const reasons: string[] = [];
  render(
    <Confirm
      title="Block SD-1?"
      does="Block it"
      reason
      run={reason => reasons.push(reason)}
      close={() => undefined}
    />,
  );
  const button = screen.getByRole("button", { name: "Block it" });
  expect((button as HTMLButtonElement).disabled).toBe(true);
  fireEvent.change(screen.getByLabelText("Reason"), { target: { value: "the key is missing " } });
  fireEvent.click(button);
  expect(reasons).toEqual(["the key is missing"]);
});

test.each([
  [{ state: "live", latencyMs: 3.4, behind: 0, since: 0, failures: 0 }, "live · 3 ms"],
  [{ state: "catching_up", latencyMs: null, behind: 214, since: 0, failures: 0 }, "catching up 214…"],
  [
    {
      state: "lost",
      latencyMs: 3,
      behind: 0,
      since: new Date(2026, 10, 21, 14, 3, 22).getTime(),
      failures: 2,
    },
    "not live since 14:03:22",
  ],
] as const)("the tide mark says how fresh the view is: %#", (of, words) => {
  expect(tideOf(of)).toBe(words);
});
