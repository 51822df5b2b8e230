// Values under the pointer. Without scripts the page loses nothing else.
for (const svg of document.querySelectorAll("svg[data-lines]")) {
  const lines = JSON.parse(svg.dataset.lines), figure = svg.parentElement;
  let tip = null;
  const hide = () => { if (tip) { tip.remove(); tip = null; } };
  svg.addEventListener("pointerleave", hide);
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect(), at = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
    const near = lines.map(([name, points]) => [name, points.reduce((a, b) => Math.abs(b[0] - at) < Math.abs(a[0] - at) ? b : a)]);
    if (!tip) { tip = figure.appendChild(document.createElement("div")); tip.className = "tip"; }
    tip.replaceChildren(...[near[0][1][2], ...near.map(([name, p]) => name + "  " + p[3])].map((text) => {
      const row = document.createElement("div"); row.textContent = text; return row;
    }));
    const left = event.clientX - figure.getBoundingClientRect().left;
    tip.style.left = (left > box.width / 2 ? left - tip.offsetWidth - 14 : left + 14) + "px";
    tip.style.top = (svg.offsetTop || figure.querySelector("svg").getBoundingClientRect().top - figure.getBoundingClientRect().top) + 8 + "px";
  });
}
