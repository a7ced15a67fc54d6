// Opens /analytics with the endpoint held back, away, or refusing, and prints as JSON what a visitor is told meanwhile.
import { launched } from "./launch.mjs";

const [url, executablePath] = process.argv.slice(2);
const browser = await launched(executablePath);
try {
  const page = await browser.newPage();
  const seen = { faults: [] };
  page.on("pageerror", (error) => seen.faults.push(String(error)));

  // Whoever asks the endpoint waits for `answer`, which goes on with the request, or does something else with it.
  const waiting = [];
  let arrived;
  await page.route("**/graphql", (route) => {
    waiting.push(route);
    arrived?.();
  });
  const asked = async () => {
    while (!waiting.length) await new Promise((done) => (arrived = done));
    return waiting.shift();
  };
  const said = async () => ({
    text: await page.locator("#state").innerText(),
    kind: await page.locator("#state").getAttribute("class"),
    busy: await page.locator("#answer").getAttribute("aria-busy"),
    found: await page.locator("#found").isVisible(),
    choices: await page.locator("#measures input").count(),
  });
  const toldOf = async (kind) => {
    await page.locator(`#state.${kind}`).waitFor();
    return said();
  };
  const json = (content) => ({ status: 200, contentType: "application/json", body: JSON.stringify(content) });

  // At the beginning: first what can be counted is loaded, and when that fails Show tries it again.
  await page.goto(url);
  const choices = await asked();
  seen.loading = await said();
  await choices.fulfill({ status: 502, contentType: "text/html", body: "<h1>Bad gateway</h1>" });
  seen.away = await toldOf("error");
  await page.locator("#run").click();
  await (await asked()).continue();
  const first = await asked();
  seen.counting = await toldOf("loading");
  await first.continue();
  await page.locator("#table table").waitFor();
  seen.answered = await said();

  // A question that fails takes the former answer away; the next one brings the new one.
  await page.locator("#run").click();
  await (await asked()).fulfill(json({ data: { orderAnalytics: null }, errors: [{ message: "A sum is too large.", extensions: { code: "SUM_OUT_OF_RANGE" } }] }));
  seen.refused = await toldOf("error");
  await page.locator("#run").click();
  await (await asked()).abort();
  seen.unreachable = await toldOf("error");
  await page.locator("#run").click();
  await (await asked()).fulfill(json({ data: { orderAnalytics: null } }));
  seen.nothing = await toldOf("error");

  // Of two questions the later one is answered, whichever answer comes first.
  await page.selectOption("#grain", "YEAR");
  await page.locator("#run").click();
  const slow = await asked();
  await page.selectOption("#grain", "");
  await page.locator("#run").click();
  await (await asked()).continue();
  await page.locator("#table table").waitFor();
  await slow.continue().catch(() => {}); // the page gave it up
  seen.last = await page.locator("thead th").first().textContent();
  seen.again = await said();
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
