"use strict";

const VERDICTS = ["neither", "Eq. 1 only", "Eq. 2 only", "passes both"]; // Eq. 1 counts one, Eq. 2 two
const COLUMNS = ["In", "Pre", "Post"];
const { facts, blocks, layers } = ATLAS;

const byId = (id) => document.getElementById(id);
const [gallery, detail, message, search] = ["gallery", "detail", "message", "search"].map(byId);

/** An element with attributes, set in their order, and children; a child may be text. */
function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

const percent = (share) => `${(100 * share).toFixed(0)} %`;
const text = (number) => (number === null ? "none" : String(number));

/** Every channel of every block, with its numbers by name. */
const channels = blocks.flatMap((block) =>
  block.verdict.map((verdict, channel) => ({
    id: `${block.name}/${channel}`, block, channel, verdict,
    ...Object.fromEntries(["pre_in", "pre_in_scaled", "gain", "post_in", "post_pre", "ratio"].map((term) => [term, block[term][channel]])),
    seeds: block.seeds?.[channel], natural: block.natural?.[channel], tuning: block.tuning?.[channel],
    circuit: block.circuits?.[channel],
  }))).map((each, place) => ({ ...each, place }));
const byLink = new Map(channels.map((each) => [each.id, each]));
let shown = channels;

function verdictOf({ verdict }) {
  return element("span", { class: `verdict ${["", "partly", "partly", "both"][verdict]}` }, VERDICTS[verdict]);
}

/** A visualization's activation, and what must be known of it; null where there is no visualization. */
function response(layer, channel) {
  if (layers[layer].activation[channel] === null) return null;
  const { activation, dead_gradient, started_silent } = layers[layer];
  const note = dead_gradient.includes(channel) ? ", never active" : started_silent.includes(channel) ? ", started silent" : "";
  return `activation ${text(activation[channel])}${note}`;
}

function picture({ block, channel }, column) {
  const layer = block.layers[column];
  const said = response(layer, channel);
  if (!said) return element("span", { class: "missing" }, "only for channels that pass");
  return element("img", {
    loading: "lazy", src: `images/${layer}/${channel}.webp`, decoding: "async", width: 224, height: 224,
    alt: `Block ${block.name}, channel ${channel}, visualization at ${column}: ${said}`,
  });
}

function mosaic({ block, channel }, column) {
  const layer = block.layers[column];
  return element("img", {
    loading: "lazy", src: `images/${layer}/${channel}-top.webp`, decoding: "async", width: 336, height: 336,
    alt: `Block ${block.name}, channel ${channel}, its top images at ${column}: activations ${layers[layer].top[channel].join(", ")}`,
  });
}

/** A channel's card, made when it is first shown. */
function card(each) {
  each.card ??= element("a", {
      class: "card", href: `#${each.id}`,
      "aria-label": `Block ${each.block.name}, channel ${each.channel}: ${VERDICTS[each.verdict]}, gain ${text(each.gain)}, ratio ${text(each.ratio)}`,
    },
    element("span", { class: "title" }, element("b", {}, `${each.block.name} · ${each.channel}`), verdictOf(each)),
    ...COLUMNS.map((column) => element("span", { class: "column" }, column)),
    ...COLUMNS.map((column) => picture(each, column)),
    element("span", { class: "terms" }, element("span", {}, `gain ${text(each.gain)}`), element("span", {}, `ratio ${text(each.ratio)}`)));
  return each.card;
}

/** Whether a channel is searched for: by its number in every block, by its block, or by both. */
function isFound({ block, channel }, words) {
  const [number, name] = [...words].reverse();
  if (words.length < 2 && (number === undefined || number === block.name)) return true;
  return String(channel) === number && (name === undefined || name === block.name);
}

/** What is missing comes last in either order; equals stay in the order of blocks and channels. */
function compare(term, order) {
  if (term === "channel") return (one, other) => order * (one.place - other.place);
  return (one, other) => (one[term] === null) - (other[term] === null) || order * (one[term] - other[term]);
}

function show() {
  const [block, verdict, sort, order] = ["block", "verdict", "sort", "order"].map((id) => byId(id).value);
  const words = search.value.trim().split(/[\s/#]+/).filter(Boolean);
  shown = channels.filter((each) => (!block || each.block.name === block) && (!verdict || each.verdict === Number(verdict))
    && isFound(each, words));
  if (sort !== "channel" || order !== "1") shown.sort(compare(sort, Number(order)));
  gallery.replaceChildren(...shown.map(card));
  byId("count").textContent = `${shown.length} of ${channels.length} channels`;
}

function column(each, name) {
  const layer = each.block.layers[name];
  const said = response(layer, each.channel);
  const made = element("section", {}, element("h3", {}, name), element("p", {}, layer), picture(each, name),
    element("p", {}, said ? `visualization, ${said}` : "no visualization"));
  if (facts.naturalImages) {
    made.append(mosaic(each, name), element("p", {}, `top images, activations ${layers[layer].top[each.channel].join(", ")}`));
  }
  return made;
}

const row = ([name, value]) => element("tr", {}, element("th", { scope: "row" }, name), element("td", {}, value));

function terms(each) {
  const { tolerance, magnification } = facts;
  const verdict = (holds) => (holds ? "holds" : "does not hold");
  return [
    ["Pre(X_In)", text(each.pre_in)],
    [`Pre(S(X_In)), magnified ${magnification}x`, text(each.pre_in_scaled)],
    ["response gain, Pre(S(X_In)) − ReLU(Pre(X_In))", text(each.gain)],
    ["Eq. 1: gain above 0", verdict(each.verdict & 1)],
    ["Post(X_In)", text(each.post_in)],
    ["Post(X_Pre)", text(each.post_pre)],
    ["ratio, Post(X_In) / Post(X_Pre)", each.ratio === null ? "none (a term is not above zero)" : text(each.ratio)],
    [`Eq. 2: ratio between 1/${tolerance} and ${tolerance}`, verdict(each.verdict & 2)],
  ].map(row);
}

/** What is known past the paper's criteria. */
function study({ seeds, natural }) {
  const rows = [];
  if (seeds !== undefined) {
    const [lower, upper] = facts.intervals[seeds];
    rows.push(["seeds that it passes with",
      `${seeds} of ${facts.seeds} (share ${(seeds / facts.seeds).toFixed(2)}, 95 % interval ${lower.toFixed(2)} to ${upper.toFixed(2)})`]);
  }
  if (natural) {
    const [verdict, gain, ratio, images, inPre, inPost, prePost] = natural;
    rows.push(["by its top images", `${VERDICTS[verdict]}, gain ${text(gain)}, ratio ${text(ratio)}`],
      [`top images in common, of ${images}`, `In and Pre ${inPre}, In and Post ${inPost}, Pre and Post ${prePost}`]);
  }
  return rows.map(row);
}

const PLOT = { width: 320, height: 190, left: 44, right: 44, top: 10, bottom: 30 };

/** An SVG element. */
function drawn(tag, attributes, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

/** Responses of In, Pre and Post, in percent of the largest, against the magnification; their peaks are marked. */
function tuningPlot(each, title, curves) {
  const { width, height, left, right, top, bottom } = PLOT;
  const { magnifications } = facts;
  const [first, last] = [magnifications[0], magnifications.at(-1)].map(Math.log2);
  const lowest = Math.min(0, ...curves.flat());
  const x = (factor) => left + (width - left - right) * (last > first ? (Math.log2(factor) - first) / (last - first) : 0.5);
  const y = (value) => top + (height - top - bottom) * (100 - value) / (100 - lowest);
  const peaks = curves.map((curve) => (Math.max(...curve) > 0 ? curve.indexOf(Math.max(...curve)) : null));
  const name = (place) => `${COLUMNS[place]} ${peaks[place] === null ? "has none" : `${magnifications[peaks[place]]}x`}`;
  const plot = drawn("svg", { viewBox: `0 0 ${width} ${height}`, role: "img",
    "aria-label": `Block ${each.block.name}, channel ${each.channel}, ${title}: largest response of ${COLUMNS.map((_, place) => name(place)).join(", of ")}` });
  plot.append(drawn("line", { class: "axis", x1: left, x2: width - right, y1: y(0), y2: y(0) }),
    drawn("line", { class: "axis", x1: x(1), x2: x(1), y1: top, y2: height - bottom }));
  for (const factor of [magnifications[0], ...(magnifications.includes(1) ? [1] : []), magnifications.at(-1)]) {
    plot.append(drawn("text", { x: x(factor), y: height - bottom + 14, "text-anchor": "middle" }, `${factor}x`));
  }
  for (const value of lowest < -10 ? [lowest, 0, 100] : [0, 100]) plot.append(drawn("text", { x: left - 4, y: y(value) + 4, "text-anchor": "end" }, `${value} %`));
  const ends = curves.map((curve) => y(curve.at(-1))).map((end, place, all) => end + 11 * all.slice(0, place).filter((other) => Math.abs(other - end) < 10).length);
  curves.forEach((curve, place) => {
    const kind = COLUMNS[place].toLowerCase();
    plot.append(drawn("polyline", { class: `curve ${kind}`, points: curve.map((value, at) => `${x(magnifications[at]).toFixed(1)},${y(value).toFixed(1)}`).join(" ") }),
      drawn("text", { class: kind, x: width - right + 5, y: ends[place] + 4 }, COLUMNS[place]));
    if (peaks[place] !== null) plot.append(drawn("circle", { class: kind, cx: x(magnifications[peaks[place]]), cy: y(curve[peaks[place]]), r: 4 }));
  });
  return element("figure", {}, element("figcaption", {}, title), plot);
}

function tuning(each) {
  const titles = { visualization: "Responses to the visualization at In, magnified", image: "Responses to the top images of In, magnified" };
  return Object.entries(titles).filter(([kind]) => each.tuning?.[kind]).map(([kind, title]) => tuningPlot(each, title, each.tuning[kind]));
}

/** The gradients of In and Pre by the image, side by side. */
function kernels({ block, channel, circuit: [, factor] }) {
  const kinds = { input: "In", pre: "Pre", pulled_back: `Pre at ${factor.toFixed(2)}x` };
  return Object.entries(kinds).map(([kind, title]) => element("figure", {}, element("figcaption", {}, title), element("img", {
    loading: "lazy", src: `kernels/${block.name}/${channel}-${kind}.webp`, decoding: "async", width: 224, height: 224,
    alt: `Block ${block.name}, channel ${channel}, gradient of ${title}`,
  })));
}

function circuitSaid({ circuit: [kappa, factor, evidence, row, column] }) {
  return "Gradients by the image, of the network without activations: grey pixels do nothing, opposite colours act in opposite ways. "
    + `Pre's is most like In's where images are magnified ${factor.toFixed(2)}x first. Largest cosine of both above 1x: ${text(kappa)}, `
    + `which is ${text(Math.abs(evidence))} ${evidence < 0 ? "less" : "more"} than at 1x and below. As like this In are ${percent(row)} of all Pre; `
    + `as like this Pre are ${percent(column)} of all In.`;
}

/** The channel that the address names, if any; the atlas shows it, or says that there is none. */
function follow() {
  const id = location.hash.slice(1);
  const each = byLink.get(id);
  message.textContent = id && !each ? `There is no channel ${id} in this atlas.` : "";
  if (!each) {
    detail.close();
    return;
  }
  byId("name").replaceChildren(`Block ${each.block.name}, channel ${each.channel}: `, verdictOf(each));
  byId("columns").replaceChildren(...COLUMNS.map((name) => column(each, name)));
  byId("terms").tBodies[0].replaceChildren(...terms(each));
  byId("study").tBodies[0].replaceChildren(...study(each));
  byId("study").hidden = !study(each).length;
  byId("tuning").replaceChildren(...tuning(each));
  byId("circuit").hidden = !each.circuit;
  byId("kernels").replaceChildren(...(each.circuit ? kernels(each) : []));
  byId("circuit").querySelector("p").textContent = each.circuit ? circuitSaid(each) : "";
  byId("link").href = `#${id}`;
  byId("link").textContent = `Link to ${id}`;
  detail.current = each;
  document.title = `${id} · Channel atlas`;
  if (!detail.open) detail.showModal();
  detail.scrollTop = 0;
}

/** To the channel some places further in the order shown; from one that is not shown, to the first. */
function step(by) {
  const next = shown[Math.max(shown.indexOf(detail.current) + by, 0)];
  if (!next) return;
  location.replace(`#${next.id}`);
  follow(); // at once, for keys that are held down
}

function closed() {
  document.title = "Channel atlas";
  if (location.hash) history.replaceState(null, "", location.pathname + location.search);
  detail.current?.card?.focus();
}

/** Among the cards, the arrows move on by one card. */
function stepCard(by) {
  const cards = [...gallery.children];
  const place = cards.indexOf(document.activeElement);
  cards[place < 0 ? 0 : Math.min(Math.max(place + by, 0), cards.length - 1)]?.focus();
}

function onKey(event) {
  const by = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
  const typing = event.target.matches("input, select");
  if (event.ctrlKey || event.altKey || event.metaKey || typing) return;
  if (by) detail.open ? step(by) : stepCard(by);
  else if (event.key === "/" && !detail.open) search.focus();
  else return;
  event.preventDefault();
}

/** How many channels of some blocks pass, and how many would if each In were added to another channel's Pre. */
function passing(some) {
  const verdicts = some.flatMap(({ verdict }) => verdict);
  const expected = some.reduce((sum, block) => sum + block.expected, 0);
  return `${verdicts.filter((each) => each === 3).length} of ${verdicts.length} pass; ${expected.toFixed(1)} expected`;
}

function begin() {
  const { architecture, weights, steps, linear, streamless, padded, tolerance, magnification, center, naturalImages } = facts;
  byId("facts").textContent = `${architecture}, weights ${weights}; visualizations of ${steps} steps. Eq. 1: ReLU(Pre(X_In)) < Pre(S(X_In)), `
    + `S magnifies ${magnification}x${center === "neuron" ? " about what the neuron looks at" : ""}. `
    + `Eq. 2: 1/${tolerance} < Post(X_In) / Post(X_Pre) < ${tolerance}. ${passing(blocks)} of mismatched pairs.`
    + (linear.length ? ` Linear stream: the network does not rectify the sum of ${linear.join(", ")}; Post is ReLU of it.` : "")
    + (streamless ? " No stream: In is not added to Pre, and what passes is what passes by chance." : "")
    + Object.entries(padded).map(([block, count]) => ` The last ${count} channels of ${block} have zeros for In; neither equation is asked of them.`).join("")
    + (naturalImages ? "" : " Natural images were left out.");
  byId("block").append(element("option", { value: "" }, "All"), ...blocks.map((block) =>
    element("option", { value: block.name }, `${block.name} (${passing([block])})`)));
  byId("verdict").append(element("option", { value: "" }, "All"), ...[3, 1, 2, 0].map((verdict) =>
    element("option", { value: verdict }, VERDICTS[verdict])));
  if (facts.seeds) byId("sort").append(element("option", { value: "seeds" }, "seeds that pass"));
  byId("controls").addEventListener("input", show);
  byId("controls").addEventListener("submit", (event) => event.preventDefault());
  byId("theme").addEventListener("click", () => {
    const root = document.documentElement.style;
    const dark = root.colorScheme ? root.colorScheme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.colorScheme = dark ? "light" : "dark";
  });
  byId("previous").addEventListener("click", () => step(-1));
  byId("next").addEventListener("click", () => step(1));
  byId("close").addEventListener("click", () => detail.close());
  detail.addEventListener("close", closed);
  addEventListener("hashchange", follow);
  addEventListener("keydown", onKey);
  show();
  follow();
}

begin();
