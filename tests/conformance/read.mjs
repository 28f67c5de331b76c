// Reads calendars from standard input (a JSON list of texts) with one library, and prints what it sees in each:
// [uid, begins, ends, title, status]. Called as: node read.mjs LIBRARY FOLDER, where FOLDER holds node_modules.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const [library, folder] = process.argv.slice(2);
const { resolve } = createRequire(`${folder}/x.js`);
const bring = async (name) => (await import(pathToFileURL(resolve(name)))).default;

function time(value) {
  if (!value) return "";
  if (value.isDate) return value.toString();
  return value.toJSDate().toISOString().replace(".000Z", "Z");
}

function byIcalJs(ICAL, root) {
  const zones = root.getAllSubcomponents("vtimezone").map((each) => new ICAL.Timezone(each));
  zones.forEach((zone) => ICAL.TimezoneService.register(zone));
  const entries = [...root.getAllSubcomponents("vevent"), ...root.getAllSubcomponents("vtodo")];
  return entries.map((each) => {
    const said = (name) => each.getFirstPropertyValue(name);
    return [said("uid"), time(said("dtstart")), time(said("dtend") ?? said("due")), said("summary"), said("status")];
  });
}

function byNodeIcal(ical, text) {
  // Its days are midnights in the zone of the machine.
  const day = (at) => `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-${String(at.getDate()).padStart(2, "0")}`;
  const spelled = (at) => (at ? (at.dateOnly ? day(at) : at.toISOString().replace(".000Z", "Z")) : "");
  return Object.values(ical.sync.parseICS(text))
    .filter((each) => each.type === "VEVENT" || each.type === "VTODO")
    .map((each) => [
      each.uid,
      each.type === "VTODO" ? "" : spelled(each.start),
      spelled(each.type === "VTODO" ? each.due : each.end),
      each.summary,
      each.status,
    ]);
}

const texts = JSON.parse(readFileSync(0, "utf8"));
let read;
if (library === "node-ical") {
  const ical = await bring("node-ical");
  read = (text) => byNodeIcal(ical, text);
} else {
  const ICAL = await bring("ical.js");
  read = (text) => byIcalJs(ICAL, new ICAL.Component(library === "ical.js" ? ICAL.parse(text) : JSON.parse(text)));
}
process.stdout.write(JSON.stringify(texts.map(read)));
