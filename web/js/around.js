// The position is asked only on a click, rounded to about a kilometre before it leaves the
// browser, and never kept. A refusal leads back to the field.
const box = document.querySelector("[data-around]");
if (box && "geolocation" in navigator) {
  box.hidden = false;
  const said = box.querySelector(".around-said");
  const rounded = (degrees) => (Math.round(degrees * 100) / 100).toFixed(2);
  box.querySelector("button").addEventListener("click", () => {
    said.textContent = box.dataset.asking;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        const open = document.querySelector("input[name=open]").checked ? "&open=now" : "";
        const chosen = document.querySelector("select[name=kind]")?.value;
        const kind = chosen ? `&kind=${chosen}` : "";
        location.assign(
          `${box.dataset.base}?lat=${rounded(coords.latitude)}&lon=${rounded(coords.longitude)}${kind}${open}#list`,
        );
      },
      () => {
        said.textContent = box.dataset.refused;
        document.getElementById("around-q").focus();
      },
      { enableHighAccuracy: false, timeout: 15000, maximumAge: 60000 },
    );
  });
}
