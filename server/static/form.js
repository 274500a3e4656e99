// A form from what /v1/info says of the options. Knows kinds of options, but no option by name.

/**
 * Fills `front`, and `more` for what is folded away, with a labelled control for every option, its
 * id being its name after `prefix`. `names` are those of styles and moods, `start` values to begin
 * with in place of the defaults. Returns a function that gives what was chosen.
 */
export function buildForm(options, { front, more, names, prefix = "", start = {} }) {
  const controls = options.map((option) => {
    const begin = option.name in start ? start[option.name] : option.default;
    const control = CONTROLS[option.kind](option, begin, names);
    control.element.id = prefix + option.name;
    (option.group === "front" ? front : more).append(labelled(option, control.element, control.all));
    return [option, control];
  });
  return () =>
    Object.fromEntries(
      controls
        .map(([option, control]) => [option.name, control.read(), option.default])
        .filter(([, value, standard]) => value !== null && JSON.stringify(value) !== JSON.stringify(standard))
        .map(([name, value]) => [name, value]),
    );
}

const spoken = (name) => name.replaceAll("_", " ");

function labelled(option, element, all = [element]) {
  const label = document.createElement("label");
  const name = spoken(option.name);
  label.title = option.description;
  label.append(name[0].toUpperCase() + name.slice(1), " ", ...all);
  return label;
}

function input(type, settings) {
  return Object.assign(document.createElement("input"), { type, ...settings });
}

function select(option, begin, values) {
  const element = document.createElement("select");
  if (option.default === null) element.add(new Option(option.absent, ""));
  for (const value of values) element.add(new Option(spoken(value), value));
  if (values.includes(begin)) element.value = begin;
  return { element, read: () => element.value || null };
}

function numberInput(option, value, step) {
  const max = Math.min(option.high, Number.MAX_SAFE_INTEGER);
  return input("number", { min: option.low, max, step, placeholder: option.absent, value: value ?? "" });
}

function number(option, begin, step) {
  const element = numberInput(option, begin, step);
  return { element, read: () => (element.value === "" ? null : Number(element.value)) };
}

/** Two numbers; none where one of them is empty. */
function range(option, begin) {
  const all = [0, 1].map((index) => numberInput(option, begin?.[index], "any"));
  const read = () => (all.some((each) => each.value === "") ? null : all.map((each) => Number(each.value)));
  all[0].ariaLabel = `${option.name} from`;
  all[1].ariaLabel = `${option.name} to`;
  return { element: all[0], all, read };
}

/** Nothing where it is what was played already (data-played). */
function text(option) {
  const element = input("text", { placeholder: option.absent });
  const read = () => element.value.trim() || null;
  return { element, read: () => (read() === element.dataset.played ? null : read()) };
}

function list(option, placeholder, parse) {
  const element = input("text", { placeholder: option.absent ? `${option.absent}; ${placeholder}` : placeholder });
  const parts = () => element.value.split(",").map((part) => part.trim()).filter(Boolean);
  return { element, read: () => (parts().length ? parts().map(parse) : null) };
}

function checkbox(begin) {
  const element = input("checkbox", { checked: Boolean(begin) });
  return { element, read: () => element.checked };
}

const frames = (option) => list(option, "48, 131", Number);

const CONTROLS = {
  style: (option, begin, names) => select(option, begin, names.styles),
  mood: (option, begin, names) => select(option, begin, names.moods),
  choice: (option, begin) => select(option, begin, option.choices),
  name: (option, begin) => select(option, begin, option.choices),
  number: (option, begin) => number(option, begin, "any"),
  integer: (option, begin) => number(option, begin, 1),
  seed: (option, begin) => number(option, begin, 1),
  switch: (option, begin) => checkbox(begin),
  range,
  frames,
  moments: (option) => list(option, "5.2s, 131", String),
  cuts: frames,
  chords: text,
  spans: (option) => list(option, "2.5-4, 10-12", (span) => span.split("-").map(Number)),
};
