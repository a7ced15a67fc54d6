# One image for `serve` and `worker`: the wheel of this folder and its locked dependencies, run by an ordinary user.

FROM python:3.13-slim-bookworm AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1
WORKDIR /src
# First what changes seldom: the dependencies, and of the development tools those that build a wheel.
COPY requirements.lock requirements-dev.lock ./
RUN python -m venv /app && /app/bin/pip install --require-hashes -r requirements.lock
RUN awk '/^[a-z]/ { keep = /^(hatchling|packaging|pathspec|pluggy|tomlkit|trove-classifiers)==/ } keep' requirements-dev.lock > build.lock \
    && python -m venv /build && /build/bin/pip install --require-hashes -r build.lock
COPY pyproject.toml README.md LICENSE ./
COPY adapters adapters
COPY domain domain
COPY resolvers resolvers
COPY schema schema
RUN /build/bin/python -m hatchling build -t wheel -d /dist && /app/bin/pip install --no-deps --no-index /dist/*.whl

FROM python:3.13-slim-bookworm AS run
RUN useradd --uid 10001 --user-group --no-create-home --shell /usr/sbin/nologin order-center \
    && install -d -o order-center -g order-center -m 700 /data
COPY --from=build /app /app
ENV PATH=/app/bin:$PATH PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 \
    ORDER_CENTER_HOST=0.0.0.0 ORDER_CENTER_DATA_DIR=/data
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f\"http://127.0.0.1:{os.environ.get('ORDER_CENTER_PORT') or 8000}/readyz\", timeout=4)"]
ENTRYPOINT ["order-center"]
CMD ["serve"]
