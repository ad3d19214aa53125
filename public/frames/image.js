// Shows the one image that the page asks for, when somebody asked the page for it.
addEventListener("message", ({ source, data }) => {
  if (source !== parent) return;
  const image = new Image();
  const tell = () => parent.postMessage({ height: image.getBoundingClientRect().height }, "*");
  image.alt = data.alt;
  image.referrerPolicy = "no-referrer";
  image.addEventListener("load", tell);
  image.addEventListener("error", () => {
    document.body.textContent = `${data.alt} (the image could not be loaded)`;
    parent.postMessage({ height: 0 }, "*");
  });
  new ResizeObserver(() => image.complete && image.naturalWidth > 0 && tell()).observe(
    document.documentElement,
  );
  document.body.replaceChildren(image);
  image.src = data.src;
});
parent.postMessage("ready", "*");
