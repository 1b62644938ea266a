export function mountPlayer(host) { host.textContent = "player"; return { update() {}, seek() {}, position() { return 0; }, destroy() {} }; }
