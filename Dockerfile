# syntax=docker/dockerfile:1

FROM node:20-slim AS build
WORKDIR /app
# The dependencies have their own layer: it is rebuilt only when the lock file changes. No package needs its scripts.
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts
COPY . .
# ioredis is optional for the package, so that pruning removes it: the image has it, to keep sessions, rates and budgets in Redis. The version is
# that of the lock file.
RUN npm run build && npm prune --omit=dev --ignore-scripts && \
    npm install --save-prod --omit=dev --ignore-scripts \
      "ioredis@$(node -p "require('./package-lock.json').packages['node_modules/ioredis'].version")"

FROM node:20-slim
LABEL org.opencontainers.image.title="m2m" \
      org.opencontainers.image.description="Compress, count and inspect LLM traffic on the wire" \
      org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
WORKDIR /app
COPY --from=build /app/package.json /app/oclif.manifest.json /app/LICENSE ./
COPY --from=build /app/bin ./bin
COPY --from=build /app/dist ./dist
COPY --from=build /app/models/hydra ./models/hydra
COPY --from=build /app/models/prior/m2m.prior ./models/prior/m2m.prior
COPY --from=build /app/node_modules ./node_modules
# The image's own unprivileged user; mount files under /data.
USER node
WORKDIR /data
ENTRYPOINT ["node", "/app/bin/run.js"]
CMD ["server", "--host", "0.0.0.0"]
