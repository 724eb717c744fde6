import { useHoldfast } from "@holdfast/react";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { problemOf } from "../../data/queries.js";
import type { Audience, Question } from "../../data/rows.js";
import { useNotices } from "../../shell/notices.js";

/** An answer as a person reads it. */
export function answerText(answer: unknown): string {
  if (answer === true) return "Yes";
  if (answer === false) return "No";
  return typeof answer === "string" ? answer : JSON.stringify(answer);
}

/** Whom a question is for, in words. */
export function audienceText(audience: Audience | null): string {
  const { person, role } = audience ?? { person: null, role: "operator" };
  return [person, role && `${role}s`].filter(Boolean).join(" or ");
}

/** Whether work goes on by the answer at once, so that it cannot be taken back: then a person is asked again. */
export function isGate(question: Question): boolean {
  return question.plan_id !== null && question.step_key !== null;
}

/** Answers a question. The first answer counts: who comes second is told what the first was. */
export function useAnswer() {
  const client = useHoldfast();
  const queries = useQueryClient();
  const notices = useNotices();
  return useMutation({
    mutationFn: ({ question, answer }: { question: Question; answer: unknown }) =>
      client.post(`/questions/${question.id}/answer`, { answer, action_sha256: question.action_sha256 }),
    onSuccess: (_, { question, answer }) =>
      notices.tell(`Answered “${answerText(answer)}” to ${question.asker ?? "the asker"}.`),
    onError: error => {
      const problem = problemOf(error);
      if (problem) notices.warn(problem);
    },
    onSettled: () => {
      for (const noun of ["questions", "overview"]) void queries.invalidateQueries({ queryKey: [noun] });
    },
  });
}
