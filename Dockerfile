# Strictgate as a sidecar: docker build -t strictgate . && see README § Install.
FROM python:3.13-slim AS build
WORKDIR /src
RUN python -m venv /opt/strictgate
COPY requirements.lock ./
RUN /opt/strictgate/bin/pip install --no-cache-dir --require-hashes -r requirements.lock
COPY pyproject.toml README.md LICENSE ./
COPY app ./app
RUN /opt/strictgate/bin/pip install --no-cache-dir --no-deps . \
    && /opt/strictgate/bin/pip uninstall --yes pip

FROM python:3.13-slim
COPY --from=build /opt/strictgate /opt/strictgate
ENV PATH=/opt/strictgate/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    STRICTGATE_SERVER__HOST=0.0.0.0 \
    STRICTGATE_SERVER__PORT=8080
USER 65532:65532
WORKDIR /tmp
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s \
    CMD ["python", "-c", "import os, urllib.request as r; r.urlopen(f'http://127.0.0.1:{os.environ[\"STRICTGATE_SERVER__PORT\"]}/healthz', timeout=2)"]
ENTRYPOINT ["strictgate"]
CMD ["serve"]
