// Shows what phase-run put into the environment. It may: every value is made up.
"use strict";

for (const name of ["GREETING", "DATABASE_URL", "SESSION_KEY"]) {
  console.log(name.padEnd(13), process.env[name] ?? "(not set)");
}

// As a service does: stays until it is told to stop, and stops on its own terms.
if (process.argv.includes("--stay")) {
  const stay = setInterval(() => {}, 60_000);
  const stop = (signal) => {
    console.log(`${signal}: stopping`);
    clearInterval(stay);
  };
  process.once("SIGTERM", stop);
  process.once("SIGINT", stop);
}
