import base from "./vite.config";
export default (env: never) => {
  const config = (base as (e: never) => { build: { rollupOptions: { output?: unknown } } })(env);
  config.build.rollupOptions.output = JSON.parse(process.env.EXP ?? "{}");
  return config;
};
