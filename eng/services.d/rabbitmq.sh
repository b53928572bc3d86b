# RabbitMQ with the management API, on a node and a port mapper of its own.

RABBITMQ_PROGRAMS=/usr/lib/rabbitmq/bin

has_rabbitmq() { [ -x $RABBITMQ_PROGRAMS/rabbitmq-server ] && command -v epmd >/dev/null; }
rabbitmq_environment() { # of the node and of its command line client, in NODE_ENVIRONMENT
  local data=$ROOT/rabbitmq
  NODE_ENVIRONMENT=(env -i PATH=$SYSTEM_PATH HOME="$data/home" LANG=C.UTF-8
    ERL_EPMD_PORT=$((RABBITMQ_PORT + 3)) ERL_EPMD_ADDRESS=127.0.0.1
    RABBITMQ_NODENAME=farm@localhost RABBITMQ_DIST_PORT=$((RABBITMQ_PORT + 2))
    RABBITMQ_CTL_DIST_PORT_MIN=$((RABBITMQ_PORT + 4)) RABBITMQ_CTL_DIST_PORT_MAX=$((RABBITMQ_PORT + 7))
    RABBITMQ_MNESIA_BASE="$data/mnesia" RABBITMQ_LOG_BASE="$data/log" RABBITMQ_PID_FILE="$data/rabbit.pid"
    RABBITMQ_CONFIG_FILE="$data/rabbitmq.config" RABBITMQ_ENABLED_PLUGINS_FILE="$data/plugins"
    RABBITMQ_CONF_ENV_FILE="$data/none.conf"
    RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}')
}
client_rabbitmqctl() {
  rabbitmq_environment
  cd "$ROOT/rabbitmq" && run_as rabbitmq "${NODE_ENVIRONMENT[@]}" $RABBITMQ_PROGRAMS/rabbitmqctl "$@"
}
rabbitmq_answers() {
  curl -sf --noproxy '*' -m 5 -o /dev/null -u "farm:$RABBITMQ_PASSWORD" "http://127.0.0.1:$((RABBITMQ_PORT + 1))/api/overview" &&
    accepts "$RABBITMQ_PORT"
}

set_up_rabbitmq() {
  local data=$ROOT/rabbitmq
  mkdir -p "$data"/{mnesia,log,home}
  : >"$data/none.conf"
  echo '[rabbitmq_management].' >"$data/plugins"
  # Erlang terms rather than rabbitmq.conf: they need no translation at every start.
  cat >"$data/rabbitmq.config" <<EOF
[{rabbit, [{tcp_listeners, [{"127.0.0.1", $RABBITMQ_PORT}]},
           {default_user, <<"farm">>}, {default_pass, <<"$RABBITMQ_PASSWORD">>}, {loopback_users, []},
           {vm_memory_high_watermark, {absolute, 2147483648}}, {disk_free_limit, 209715200},
           {log, [{file, [{file, "rabbit.log"}, {level, info}]}]}]},
 {rabbitmq_management, [{tcp_config, [{ip, "127.0.0.1"}, {port, $((RABBITMQ_PORT + 1))}]}]}].
EOF
  random_hex 16 >"$data/home/.erlang.cookie"
  chmod 400 "$data/home/.erlang.cookie"
  chmod 640 "$data/rabbitmq.config"
  give_to rabbitmq "$data"
  touch "$data/ready"
}

start_rabbitmq() {
  local data=$ROOT/rabbitmq
  has_rabbitmq || { say "no RabbitMQ: eng/services install"; return 1; }
  rabbitmq_environment
  if ! running rabbitmq >/dev/null; then
    [ -f "$data/ready" ] || set_up_rabbitmq || return 1
    if ! running epmd >/dev/null; then
      (cd "$data" && launch epmd rabbitmq "$data/log/epmd.out" env -i PATH=$SYSTEM_PATH HOME="$data/home" \
        epmd -address 127.0.0.1 -port $((RABBITMQ_PORT + 3))) || return 1
      await epmd "$data/log/epmd.out" accepts $((RABBITMQ_PORT + 3)) || return 1
    fi
    # 'detached' makes the start script exec the virtual machine, so that the process id is the server's own.
    (cd "$data" && launch rabbitmq rabbitmq "$data/log/node.out" "${NODE_ENVIRONMENT[@]}" detached=1 \
      $RABBITMQ_PROGRAMS/rabbitmq-server) || return 1
  fi
  await rabbitmq "$data/log/node.out" rabbitmq_answers || return 1
  say "rabbitmq on 127.0.0.1:$RABBITMQ_PORT, management on 127.0.0.1:$((RABBITMQ_PORT + 1))"
}
stop_rabbitmq() { end rabbitmq TERM 60; end epmd TERM 5; }

rabbitmq_variables() {
  variable RENDERFARM_TEST_RABBITMQ "amqp://farm:$RABBITMQ_PASSWORD@127.0.0.1:$RABBITMQ_PORT/"
  variable RENDERFARM_TEST_RABBITMQ_MANAGEMENT "http://127.0.0.1:$((RABBITMQ_PORT + 1))"
}
