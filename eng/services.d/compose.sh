# The same three servers from docker-compose.yml, for machines with Docker and without the programs.

compose() {
  MINIO_PORT='' COMPOSE_PROJECT_NAME="renderfarm-$(cksum <<<"$DIR" | cut -d' ' -f1)" docker compose \
    --env-file "$DIR/compose.env" -f "$REPOSITORY/docker-compose.yml" -f "$ENG/services.compose.yml" "$@"
}
compose_port() { # SERVICE PORT: the loopback port that Docker chose
  local address
  address=$(compose port "$1" "$2") || fail "docker compose does not know the port of $1"
  echo "${address##*:}"
}
compose_up() {
  [ -n "${COMPOSE_SECRET:-}" ] || remember COMPOSE_SECRET "$(random_hex 24)"
  (
    umask 077
    sed -n 's/^\([A-Z0-9_]*\)=$/\1='"$COMPOSE_SECRET"'/p' "$REPOSITORY/.env.example" >"$DIR/compose.env"
  )
  compose up --detach --wait postgres rabbitmq minio >&2 || fail "docker compose could not start the servers"
  compose run --rm minio-bucket >&2 || fail "docker compose could not make the bucket"
}
compose_variables() {
  variable RENDERFARM_TEST_POSTGRES \
    "Host=127.0.0.1;Port=$(compose_port postgres 5432);Username=renderfarm;Password=$COMPOSE_SECRET;Database=renderfarm"
  variable RENDERFARM_TEST_RABBITMQ "amqp://renderfarm:$COMPOSE_SECRET@127.0.0.1:$(compose_port rabbitmq 5672)/"
  variable RENDERFARM_TEST_RABBITMQ_MANAGEMENT "http://127.0.0.1:$(compose_port rabbitmq 15672)"
  variable RENDERFARM_TEST_S3_ENDPOINT "127.0.0.1:$(compose_port minio 9000)"
  variable RENDERFARM_TEST_S3_ACCESS_KEY renderfarm
  variable RENDERFARM_TEST_S3_SECRET_KEY "$COMPOSE_SECRET"
  variable RENDERFARM_TEST_S3_REGION us-east-1
  variable RENDERFARM_TEST_S3_BUCKET renderfarm
}
