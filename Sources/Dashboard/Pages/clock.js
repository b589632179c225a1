// The gateway's time. A phone's clock may be minutes off, and ages would be too.

let ahead = 0;

/** Takes note of what the gateway says the time is, in seconds since 1970. */
export function setGatewayTime(seconds) {
  if (seconds) ahead = seconds * 1000 - Date.now();
}

export const millisecondsSince = (seconds) => Math.max(0, Date.now() + ahead - seconds * 1000);
