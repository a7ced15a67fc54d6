// Opens /analytics in a headless Chromium, uses it as a visitor would, by keyboard where that matters, and prints as JSON what was seen.
import { launched } from "./launch.mjs";

const [url, executablePath, width, scheme, screenshot] = process.argv.slice(2);
const browser = await launched(executablePath);
try {
  const context = await browser.newContext({ viewport: { width: Number(width), height: 900 }, colorScheme: scheme, timezoneId: "Europe/Berlin" });
  const page = await context.newPage();
  const seen = { complaints: [], requests: [] };
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && seen.complaints.push(message.text()));
  page.on("pageerror", (error) => seen.complaints.push(String(error)));
  page.on("request", (request) => seen.requests.push(request.url()));

  const state = page.locator("#state");
  const settled = async () => {
    await page.locator('#answer[aria-busy="false"]').waitFor();
    return state.innerText();
  };
  const show = async () => {
    const answered = page.waitForResponse((response) => response.request().postData()?.includes("orderAnalytics") ?? false);
    await page.locator("#run").click();
    const answer = await (await answered).json();
    return { answer, state: await settled() };
  };

  await page.goto(url);
  await page.locator("#table table").waitFor();
  seen.title = await page.title();
  seen.first = await settled();
  seen.columns = await page.locator("thead th").allTextContents();
  seen.query = await page.locator("#query").textContent();

  // By keyboard alone: from the form's beginning to a measure, which a space chooses, and Enter sends.
  await page.locator("#measures input").first().focus();
  await page.keyboard.press("Tab");
  await page.keyboard.press("Space");
  const answered = page.waitForResponse((response) => response.request().postData()?.includes("orderAnalytics") ?? false);
  await page.keyboard.press("Enter");
  await answered;
  await settled();
  seen.byKeyboard = await page.locator("thead th").allTextContents();

  await page.selectOption("#range", "all");
  await page.selectOption("#grain", "MONTH");
  seen.months = await show();
  seen.cells = await page.locator("tbody tr").count();
  seen.drawn = await page.locator("#chart").evaluate((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return data.some((value) => value > 0);
  });
  seen.overflow = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  if (screenshot) await page.screenshot({ path: screenshot, fullPage: true });

  await page.selectOption("#grain", "");
  seen.bars = await show();
  if (screenshot) await page.screenshot({ path: screenshot.replace(".png", "-bars.png"), fullPage: true });

  await page.selectOption("#range", "custom");
  await page.fill("#from", "2001-01-01");
  await page.fill("#until", "2001-01-02");
  seen.empty = (await show()).state;
  seen.midnights = await page.locator("#query").textContent();
  if (screenshot) await page.screenshot({ path: screenshot.replace(".png", "-empty.png") });

  await page.fill("#timezone", "Berlin");
  await page.locator("#run").click();
  seen.badZone = await state.innerText();
  await page.fill("#timezone", "UTC");

  await page.fill("#key", "nobody");
  await page.locator("#run").click();
  await page.locator("#state.error", { hasText: "key" }).waitFor();
  seen.refused = await state.innerText();
  seen.focus = await page.evaluate(() => document.activeElement.id);
  if (screenshot) await page.screenshot({ path: screenshot.replace(".png", "-error.png") });
  await page.fill("#key", "");
  await page.selectOption("#range", "all");
  seen.kept = (await show()).answer.data.orderAnalytics.columns.map(({ name }) => name);
  console.log(JSON.stringify(seen));
} finally {
  await browser.close();
}
