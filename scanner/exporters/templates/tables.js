// Sorts, filters and shows the tables whose rows stand in this file as JSON. Only the rows in sight are elements.
// All of a row is text from a network: it is only ever written as textContent.
"use strict";
(() => {
  const SPARE = 6; // rows beyond each edge of what is in sight
  const TALL = 480; // of a window that is full; while it is empty it is lower
  const TOKEN = /(?:"(?:[^"]|"")*"?|[^\s"])+/g;
  const PIECE = /"((?:[^"]|"")*)"?|(,)|([^",]+)/g;
  const FIELD = /^([a-z-]+)(>=|<=|[:=<>])([^]*)$/i;
  const figure = (count) => count.toLocaleString("en-US");

  function make(name, words = {}, ...inside) {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(words)) {
      if (key === "text") element.textContent = value;
      else element.setAttribute(key, value);
    }
    element.append(...inside);
    return element;
  }

  // The filter language is that of the terminal: words, field:value, field=value, sev>=high, flags, !not, a,b, "a b".
  function valuesOf(raw) {
    const values = [""];
    for (const [, inside, comma, plain] of raw.toLowerCase().matchAll(PIECE)) {
      if (comma) values.push("");
      else values[values.length - 1] += plain || (inside || "").replaceAll('""', '"');
    }
    return values;
  }

  function termOf(token, columns) {
    const negated = token.startsWith("!");
    const bare = negated ? token.slice(1) : token;
    const field = FIELD.exec(bare);
    const column = field && columns.find((each) => each.key === field[1].toLowerCase());
    if (!column) {
      const flagged = columns.find((each) => each.flags.includes(bare.toLowerCase()));
      if (flagged) return { column: flagged, operator: ":", values: ["yes"], negated };
      return { column: null, operator: ":", values: [valuesOf(bare).join(",")], negated };
    }
    const values = valuesOf(field[3]).filter(Boolean);
    if (field[2] !== ":" && field[2] !== "=") comparable(column, field[2], values.join(","));
    return { column, operator: field[2], values, negated };
  }

  function comparable(column, operator, value) {
    if (column.number) {
      if (numberIn(value) === null) throw new Error(`${column.key}${operator} takes a whole number`);
    } else if (!column.ranks.length) {
      throw new Error(`${column.key} has no order: write ${column.key}:${value}`);
    } else if (!column.ranks.includes(value)) {
      throw new Error(`${column.key}${operator} takes ${column.ranks.join(", ")}`);
    }
  }

  function parse(text, columns) {
    const terms = (text.match(TOKEN) || []).map((token) => termOf(token, columns));
    return terms.filter((term) => term.values.some(Boolean));
  }

  function numberIn(text) {
    const first = text.split(" ", 1)[0];
    return /^-?[0-9]{1,9}$/.test(first) ? Number(first) : null;
  }

  function testOf(operator, value, column) {
    if (operator !== ":" && operator !== "=") {
      const of = column.number ? numberIn : (cell) => (column.ranks.includes(cell) ? column.ranks.indexOf(cell) : null);
      const limit = of(value);
      const held = { ">=": (n) => n >= limit, ">": (n) => n > limit, "<=": (n) => n <= limit, "<": (n) => n < limit };
      return (cell) => of(cell) !== null && held[operator](of(cell));
    }
    if (column.match === "words") return (cell) => cell.split(/\s+/).includes(value);
    return operator === "=" ? (cell) => cell === value : (cell) => cell.includes(value);
  }

  // Which of a column's different values will do, and null where none will. They stand one behind the other in one
  // text, which is searched much faster than each of them.
  function good(column, term) {
    const { joined, starts } = column;
    const found = new Uint8Array(column.values.length);
    let any = false;
    for (const value of term.values) {
      if (!term.column || (term.operator === ":" && column.match !== "words")) {
        let at = joined.indexOf(value);
        for (let place = 0; at >= 0; at = joined.indexOf(value, starts[place])) {
          place = placeOf(starts, at, place);
          found[place++] = 1;
          any = true;
        }
      } else {
        const test = testOf(term.operator, value, column);
        for (let place = 0; place < found.length; place++) {
          if (test(joined.slice(starts[place], starts[place + 1] - 1))) {
            found[place] = 1;
            any = true;
          }
        }
      }
    }
    return any ? found : null;
  }

  // In which value a place of the joined text is, at or behind `low`.
  function placeOf(starts, at, low) {
    let high = starts.length - 1;
    if (starts[low + 1] > at) return low;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= at) low = middle;
      else high = middle;
    }
    return low;
  }

  function kept(data, terms) {
    const keep = new Uint8Array(data.count).fill(1);
    for (const term of terms) {
      const hit = new Uint8Array(data.count);
      for (const each of term.column ? [term.column] : data.columns) {
        const { at } = each;
        const found = good(each, term);
        if (found) for (let row = 0; row < data.count; row++) hit[row] |= found[at[row]];
      }
      for (let row = 0; row < data.count; row++) if (hit[row] === Number(term.negated)) keep[row] = 0;
    }
    return keep;
  }

  // The values are in order already, so that rows are only dealt out. Equal ones stay in the report's order.
  function sorted(data, column, down) {
    const rows = new Uint32Array(data.count);
    if (!column) return rows.map((_, row) => row);
    const starts = new Uint32Array(column.values.length + 1);
    const place = down ? (row) => column.values.length - 1 - column.at[row] : (row) => column.at[row];
    for (let row = 0; row < data.count; row++) starts[place(row) + 1]++;
    for (let value = 1; value < starts.length; value++) starts[value] += starts[value - 1];
    for (let row = 0; row < data.count; row++) rows[starts[place(row)]++] = row;
    return rows;
  }

  function unpack(source) {
    const data = JSON.parse(source.textContent);
    source.remove(); // the text of it is no longer needed
    data.columns = data.columns.map((column) => {
      const lower = column.values.map((value) => value.toLowerCase());
      const starts = new Uint32Array(lower.length + 1);
      lower.forEach((value, place) => { starts[place + 1] = starts[place] + value.length + 1; });
      return { width: 0, match: "part", ranks: [], flags: [], number: false, sign: "", ...column,
        at: Uint32Array.from(column.at), joined: `${lower.join("\n")}\n`, starts };
    });
    return data;
  }

  function show(place) {
    const { name } = place.dataset;
    const data = unpack(document.getElementById(`rows-${name}`));
    const shown = data.columns.filter((column) => column.width);
    const input = make("input", { type: "search", id: `filter-${name}`, autocomplete: "off", spellcheck: "false",
      "aria-describedby": `count-${name}`, placeholder: place.dataset.example });
    const count = make("p", { class: "found", id: `count-${name}`, role: "status" });
    const heads = make("tr");
    const body = make("tbody");
    const table = make("table", { class: "virtual", "aria-rowcount": data.count + 1 },
      make("caption", { class: "hidden", text: `${place.dataset.title}; a row's first cell opens all of it` }),
      make("thead", {}, heads), body);
    const box = make("div", { class: "window", tabindex: "0", role: "region", "aria-label": place.dataset.title }, table);
    const opened = make("div", { class: "opened", id: `opened-${name}`, role: "region", "aria-live": "polite",
      "aria-label": `${place.dataset.title}: the row that is opened` });
    const [above, below] = [0, 1].map(() => make("tr", { class: "space", "aria-hidden": "true" }, make("td")));
    opened.hidden = true;
    table.style.minWidth = `${shown.reduce((sum, column) => sum + column.width, 0)}rem`;

    let order = sorted(data), rows = order, by = null, down = false, open = -1, height = 0;
    const drawn = new Map();
    const cell = (column, row) => column.values[column.at[row]];

    function rowOf(at) {
      const row = rows[at];
      const line = make("tr", { "aria-rowindex": at + 2 });
      shown.forEach((column, place) => {
        const text = cell(column, row);
        let inside = text;
        if (text && column.sign === "code") inside = make("code", { text });
        if (text && column.sign === "severity") inside = make("span", { class: `severity ${text}`, text });
        if (!place) {
          const button = make("button", { type: "button", "aria-expanded": row === open, "aria-controls": opened.id });
          button.append(inside || "none");
          button.addEventListener("click", () => unfold(row));
          inside = button;
        }
        const slot = make(place ? "td" : "th", place ? {} : { scope: "row" });
        slot.append(inside);
        if (text.length > 12) slot.title = text;
        line.append(slot);
      });
      line.classList.toggle("current", row === open);
      return line;
    }

    function draw() {
      const high = height || 36;
      const first = Math.max(0, Math.floor(box.scrollTop / high) - SPARE);
      const last = Math.min(rows.length, Math.ceil((box.scrollTop + Math.max(box.clientHeight, TALL)) / high) + SPARE);
      for (const [at, line] of drawn) {
        if (at < first || at >= last) {
          line.remove();
          drawn.delete(at);
        }
      }
      let before = above;
      for (let at = first; at < last; at++) {
        if (!drawn.has(at)) {
          drawn.set(at, rowOf(at));
          before.after(drawn.get(at));
        }
        before = drawn.get(at);
      }
      above.firstChild.style.height = `${first * high}px`;
      below.firstChild.style.height = `${(rows.length - last) * high}px`;
      above.hidden = !first;
      below.hidden = last === rows.length;
      if (!height && drawn.size) {
        height = drawn.values().next().value.getBoundingClientRect().height;
        if (height && height !== high) draw();
      }
    }

    function again() {
      for (const line of drawn.values()) line.remove();
      drawn.clear();
      draw();
    }

    function filter() {
      try {
        const terms = parse(input.value, data.columns);
        const keep = kept(data, terms);
        rows = terms.length ? order.filter((row) => keep[row]) : order;
        count.textContent = terms.length
          ? `${figure(rows.length)} of ${figure(data.count)} ${data.noun[1]}`
          : `${figure(data.count)} ${data.noun[data.count === 1 ? 0 : 1]}`;
        input.removeAttribute("aria-invalid");
        table.setAttribute("aria-rowcount", rows.length + 1);
        box.scrollTop = 0;
        again();
      } catch (wrong) {
        input.setAttribute("aria-invalid", "true");
        count.textContent = wrong.message;
      }
    }

    function sort(column) {
      down = by === column ? !down : column.number || column.ranks.length > 0;
      by = column;
      order = sorted(data, by, down);
      for (const each of shown) each.head.removeAttribute("aria-sort");
      by.head.setAttribute("aria-sort", down ? "descending" : "ascending");
      filter();
    }

    function unfold(row) {
      open = row === open ? -1 : row;
      opened.hidden = open < 0;
      const list = make("dl");
      for (const column of open < 0 ? [] : data.columns) {
        const text = cell(column, row);
        if (text) list.append(make("div", {}, make("dt", { text: column.title }), make("dd", { text })));
      }
      opened.replaceChildren(list);
      for (const [at, line] of drawn) {
        line.classList.toggle("current", rows[at] === open);
        line.querySelector("button").setAttribute("aria-expanded", rows[at] === open);
      }
    }

    for (const column of shown) {
      const button = make("button", { type: "button", text: column.title });
      button.addEventListener("click", () => sort(column));
      column.head = make("th", { scope: "col" }, button);
      column.head.style.width = `${column.width}rem`;
      heads.append(column.head);
    }
    body.append(above, below);
    input.addEventListener("input", filter);
    box.addEventListener("scroll", draw, { passive: true });
    const keys = data.columns.map((column) => column.key).join(", ");
    place.append(
      make("label", { for: input.id, text: `Filter ${data.noun[1]}` }), input, count, box, opened,
      make("details", { class: "why" }, make("summary", { text: "How to filter" }),
        make("p", { text: "Words that must occur, and fields: field:part, field=all of it, field>=at least. " +
          `!not, a,b for one of them, "two words" as they are. Fields here: ${keys}.` })));
    place.hidden = false;
    filter();
  }

  // The first at once; the others when there is nothing else to do.
  const places = [...document.querySelectorAll(".rows[data-name]")];
  const next = () => {
    const place = places.shift();
    if (place) {
      show(place);
      setTimeout(next, 0);
    }
  };
  next();
})();
