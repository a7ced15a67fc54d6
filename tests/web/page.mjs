// Opens the page in a headless Chromium, runs its first example, and prints as JSON what a visitor would notice.
import { launched } from "./launch.mjs";

const [url, executablePath] = process.argv.slice(2);
const browser = await launched(executablePath);
try {
  const page = await browser.newPage();
  const seen = { complaints: [], requests: [] };
  page.on("console", (message) => ["error", "warning"].includes(message.type()) && seen.complaints.push(message.text()));
  page.on("pageerror", (error) => seen.complaints.push(String(error)));
  page.on("requestfailed", (request) => seen.complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
  page.on("request", (request) => seen.requests.push(request.url()));

  await page.goto(url);
  const title = await page.title();
  const tabs = await page.getByRole("tab").allTextContents();
  const answered = page.waitForResponse((response) => response.request().postData()?.includes("OrderList") ?? false);
  await page.getByRole("button", { name: /execute/i }).click();
  const response = await answered;
  await page.locator(".result-window", { hasText: "totalCount" }).waitFor();
  const shown = await page.locator(".result-window").innerText();
  console.log(JSON.stringify({ title, tabs, status: response.status(), answer: await response.json(), shown, ...seen }));
} finally {
  await browser.close();
}
