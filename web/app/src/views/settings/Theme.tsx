import { type ReactNode, useState } from "react";
import { Section } from "../../parts/index.js";
import css from "./settings.module.css";

const KEPT_AS = "holdfast.theme";
const CHOICES = [
  ["", "As the system has it"],
  ["light", "Light"],
  ["dark", "Dark"],
] as const;

/** Light or dark; kept in this browser. */
export function Theme(): ReactNode {
  const [chosen, setChosen] = useState(localStorage.getItem(KEPT_AS) ?? "");
  const choose = (value: string) => {
    setChosen(value);
    if (value === "") {
      localStorage.removeItem(KEPT_AS);
      delete document.documentElement.dataset.theme;
    } else {
      localStorage.setItem(KEPT_AS, value);
      document.documentElement.dataset.theme = value;
    }
  };
  return (
    <Section title="Theme">
      <div className={css.line} role="radiogroup" aria-label="Theme">
        {CHOICES.map(([value, words]) => (
          <label key={value}>
            <input type="radio" name="theme" checked={chosen === value} onChange={() => choose(value)} />{" "}
            {words}
          </label>
        ))}
      </div>
    </Section>
  );
}
