# syntax=docker/dockerfile:1
# First stage: every dependency as a wheel, checked against its hash in requirements.txt.
FROM python:3.11-slim-bookworm AS wheels
WORKDIR /build
COPY requirements.txt .
RUN pip wheel --no-cache-dir --no-deps --require-hashes --wheel-dir /wheels -r requirements.txt

# Second stage: no compiler, no cache, no root. The code lies as it does in the repository, so that the migrations and
# the five plans are found beside it.
FROM python:3.11-slim-bookworm
ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1
RUN groupadd --system --gid 10001 milepost \
    && useradd --system --uid 10001 --gid milepost --home-dir /srv/milepost --no-create-home milepost \
    && install -d -o milepost -g milepost /srv/milepost/var
RUN --mount=type=bind,from=wheels,source=/wheels,target=/wheels \
    pip install --no-cache-dir --no-index --no-deps /wheels/*.whl
WORKDIR /srv/milepost
COPY alembic.in[i] ./
COPY migrations migrations
COPY seed_data seed_data
COPY service service
USER milepost
VOLUME /srv/milepost/var
EXPOSE 8000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/healthz', timeout=2)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["python", "-m", "service"]
CMD ["serve", "--host", "0.0.0.0", "--port", "8000"]
