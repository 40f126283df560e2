# A season in a container, as a user without rights. Mount the folder of season.toml and the footage, and keep the
# analyses in a volume:
#   docker build -t episode-pipeline .
#   docker run --rm --init --user "$(id -u):$(id -g)" -v "$PWD:/season" -v episode-cache:/cache episode-pipeline
# SIGTERM ends it cleanly; --init is there to clear away the ffmpeg of a worker that was killed.

FROM python:3.12-slim AS build
WORKDIR /source
RUN python -m venv --without-pip /opt/episode
COPY requirements.lock ./
# The tests that NumPy and SciPy bring along are 50 MB.
RUN pip --python /opt/episode/bin/python install --no-cache-dir --require-hashes -r requirements.lock \
    && find /opt/episode -type d -name tests -prune -exec rm -r {} +
COPY pyproject.toml README.md LICENSE NOTICE cli.py ./
COPY basis basis
COPY commands commands
COPY jobs jobs
COPY pipeline pipeline
COPY presets presets
COPY assets assets
RUN pip wheel --no-cache-dir --no-deps --wheel-dir /wheels . \
    && pip --python /opt/episode/bin/python install --no-cache-dir --no-deps --no-index /wheels/*.whl \
    && pip --python /opt/episode/bin/python check

FROM python:3.12-slim
# What OpenCV loads, and FriBiDi for kerning, Hebrew and Arabic. libglib2.0-0 is called libglib2.0-0t64 from Debian 13
# on and is found by its old name, too.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends libgl1 libglib2.0-0 libfribidi0 \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /opt/episode /opt/episode
RUN groupadd --gid 10001 episode \
    && useradd --uid 10001 --gid 10001 --create-home episode \
    && install --directory --owner=episode --group=episode /season \
    && install --directory --mode=1777 /cache
ENV PATH=/opt/episode/bin:$PATH EPISODE_CACHE=/cache
USER 10001:10001
RUN ["episode", "doctor"]
VOLUME /cache
WORKDIR /season
HEALTHCHECK NONE
ENTRYPOINT ["episode"]
CMD ["jobs", "run", "season.toml", "-o", "out"]
