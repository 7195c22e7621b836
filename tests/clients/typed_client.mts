// The generated TypeScript client at work: list, filter by two values, page through, and a 404 as a typed problem.
// It is compiled under --strict, so the types of the contract are tested as well as its answers.
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.mjs";

type Position = components["schemas"]["Position"];
type Problem = components["schemas"]["Problem"];

// Lists can also be had as tables (text/csv); this client reads JSON.
const client = createClient<paths, "application/json" | "application/problem+json">({ baseUrl: process.argv[2]! });

function given<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} is missing`);
  return value;
}

const listed = given((await client.GET("/parties", { params: { query: { limit: 200 } } })).data, "the list");
const filtered = given(
  (await client.GET("/positions", { params: { query: { party: ["russia", "ukraine"], limit: 200 } } })).data,
  "the filtered list",
);

const paged: Position[] = [];
let after: string | undefined;
let pages = 0;
do {
  const page = given(
    (await client.GET("/positions", { params: { query: { limit: 20, ...(after ? { after } : {}) } } })).data,
    "a page",
  );
  paged.push(...page.data);
  after = page.page.next ?? undefined;
  pages += 1;
} while (after);

const missing = await client.GET("/parties/{id}", { params: { path: { id: "rusia" } } });
const problem: Problem = given(missing.error, "the problem");

// A table without `columns` has whole rows: nothing is undefined, and what every record has is not null.
const rows = given((await client.GET("/positions.json", { params: { query: { party: ["russia"] } } })).data, "the table");
const told: string[] = rows.map((row) => `${row.party_label.trim()} ${row.stance.trim()} ${row.reported_on.trim()}`);
const since: (string | null)[] = given((await client.GET("/stances.json")).data, "the stances").map((row) => row.since_edtf);

console.log(
  JSON.stringify({
    listed: listed.page.total,
    filtered: { total: filtered.page.total, parties: [...new Set(filtered.data.map((one) => one.party.id))].sort() },
    paged: { pages, ids: paged.map((one) => one.id) },
    tables: { told, since: since.length },
    problem: { status: problem.status, title: problem.title, type: problem.type, detail: problem.detail },
  }),
);
