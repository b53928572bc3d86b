# An S3 store: the smallest Ceph cluster there is (a monitor, a store, the RADOS gateway).

S3_BUCKET=farm
S3_REGION=us-east-1

has_s3() {
  local program
  for program in ceph ceph-mon ceph-osd radosgw radosgw-admin monmaptool; do command -v $program >/dev/null || return 1; done
}
as_ceph() { (cd "$ROOT/s3" && run_as ceph env -i PATH=$SYSTEM_PATH HOME="$ROOT/s3" LANG=C.UTF-8 "$@"); }
client_radosgw_admin() { as_ceph radosgw-admin -c "$ROOT/s3/ceph.conf" -n client.rgw "$@"; }
put_object() { # PATH BODY; signed the old way (version 2), which takes one HMAC and no client program
  local date signature
  date=$(LC_ALL=C TZ=GMT date '+%a, %d %b %Y %H:%M:%S GMT')
  signature=$(printf 'PUT\n\ntext/plain\n%s\n%s' "$date" "$1" | openssl dgst -sha1 -hmac "$S3_SECRET_KEY" -binary | base64) || return 1
  curl -sf --noproxy '*' -m 20 -o /dev/null -X PUT -H "Date: $date" -H 'Content-Type: text/plain' \
    -H "Authorization: AWS $S3_ACCESS_KEY:$signature" --data-binary "$2" "http://127.0.0.1:$S3_PORT$1"
}

write_ceph_conf() {
  local store=${SERVICES_S3_STORE:-bluestore} bytes=$((10 << 30))
  mkdir -p "$ROOT/s3"/{mon,osd,run,log}
  cat >"$ROOT/s3/ceph.conf" <<EOF
[global]
fsid = $(cat /proc/sys/kernel/random/uuid)
mon_host = [v2:127.0.0.1:$((S3_PORT + 1))/0]
public_addr = 127.0.0.1
cluster_addr = 127.0.0.1
ms_bind_ipv6 = false
ms_bind_msgr1 = false
ms_bind_port_min = $((S3_PORT + 2))
ms_bind_port_max = $((S3_PORT + 13))
# Daemons on one loopback interface trust each other; clients of the gateway sign their requests as everywhere.
auth_cluster_required = none
auth_service_required = none
auth_client_required = none
ms_mon_client_mode = crc
# The gateway makes its pools at the first request; without these every one of them waits for several seconds.
paxos_propose_interval = 0.02
paxos_min_wait = 0.01
osd_pool_default_size = 1
osd_pool_default_min_size = 1
mon_allow_pool_size_one = true
osd_pool_default_pg_num = 4
osd_pool_default_pgp_num = 4
osd_pool_default_pg_autoscale_mode = off
mon_max_pg_per_osd = 2000
osd_crush_chooseleaf_type = 0
mon_data_avail_warn = 1
mon_data_avail_crit = 0
run_dir = $ROOT/s3/run
admin_socket =
pid_file =
log_file = $ROOT/s3/log/\$name.log
crash_dir = $ROOT/s3/crash
mon_data = $ROOT/s3/mon
osd_data = $ROOT/s3/osd
osd_objectstore = $store
osd_fast_shutdown = $([ "$store" = memstore ] && echo false || echo true)
osd_op_num_shards = 2
osd_op_num_threads_per_shard = 4
osd_memory_target = 1073741824
memstore_device_bytes = $bytes
bluestore_block_create = true
bluestore_block_size = $bytes
bluestore_fsck_on_mkfs = false
bluestore_cache_autotune = false
[client.rgw]
rgw_data = $ROOT/s3/run
rgw_frontends = beast endpoint=127.0.0.1:$S3_PORT
rgw_thread_pool_size = 64
rgw_enable_usage_log = false
EOF
}

set_up_monitor() {
  local data=$ROOT/s3 log=$ROOT/s3/log/setup.out
  write_ceph_conf && give_to ceph "$data" || return 1
  {
    as_ceph monmaptool --create --clobber --fsid "$(sed -n 's/^fsid = //p' "$data/ceph.conf")" \
      --addv a "[v2:127.0.0.1:$((S3_PORT + 1))/0]" "$data/monmap" &&
      as_ceph ceph-mon -c "$data/ceph.conf" --mkfs -i a --monmap "$data/monmap"
  } >"$log" 2>&1 || { last_lines "the S3 monitor could not be set up" "$log"; return 1; }
}
set_up_store() {
  local data=$ROOT/s3 log=$ROOT/s3/log/setup.out id
  id=$(cat /proc/sys/kernel/random/uuid)
  {
    as_ceph timeout 60 ceph -c "$data/ceph.conf" --connect-timeout 30 osd new "$id" 0 &&
      as_ceph ceph-osd -c "$data/ceph.conf" -i 0 --mkfs --osd-uuid "$id"
  } >>"$log" 2>&1 || { last_lines "the S3 store could not be set up" "$log"; return 1; }
}
launch_ceph() { # NAME PROGRAM ARGUMENT...
  local name=$1 log=$ROOT/s3/log/${1#s3.}.out
  shift
  running "$name" >/dev/null ||
    (cd "$ROOT/s3" && launch "$name" ceph "$log" env -i PATH=$SYSTEM_PATH HOME="$ROOT/s3" "$1" -c "$ROOT/s3/ceph.conf" "${@:2}" -f)
}

start_s3() {
  local data=$ROOT/s3 log=$ROOT/s3/log
  has_s3 || { say "no Ceph: eng/services install"; return 1; }
  [ -f "$data/ready" ] || set_up_monitor || return 1
  launch_ceph s3.monitor ceph-mon -i a || return 1
  await s3.monitor "$log/monitor.out" accepts $((S3_PORT + 1)) || return 1
  [ -f "$data/ready" ] || set_up_store || return 1
  launch_ceph s3.store ceph-osd -i 0 || return 1
  launch_ceph s3.gateway radosgw -n client.rgw || return 1
  await s3.gateway "$log/gateway.out" curl -s --noproxy '*' -m 5 -o /dev/null "http://127.0.0.1:$S3_PORT/" || return 1
  running s3.store >/dev/null || { last_lines "the S3 store ended while starting" "$log/store.out"; return 1; }
  if [ ! -f "$data/ready" ]; then
    client_radosgw_admin user create --uid=farm --display-name=farm --access-key="$S3_ACCESS_KEY" --secret-key="$S3_SECRET_KEY" \
      >"$log/user.out" 2>&1 || { last_lines "the S3 user could not be made" "$log/user.out"; return 1; }
    touch "$data/ready"
  fi
  # The first bucket and the first object make the gateway's pools; here rather than inside somebody's first test.
  await s3.gateway "$log/gateway.out" put_object "/$S3_BUCKET" "" || return 1
  await s3.gateway "$log/gateway.out" put_object "/$S3_BUCKET/.ready" ok || return 1
  say "s3 on 127.0.0.1:$S3_PORT"
}
stop_s3() { end s3.gateway TERM 10; end s3.store TERM 20; end s3.monitor TERM 10; }

s3_variables() {
  variable RENDERFARM_TEST_S3_ENDPOINT "127.0.0.1:$S3_PORT"
  variable RENDERFARM_TEST_S3_ACCESS_KEY "$S3_ACCESS_KEY"
  variable RENDERFARM_TEST_S3_SECRET_KEY "$S3_SECRET_KEY"
  variable RENDERFARM_TEST_S3_REGION $S3_REGION
  variable RENDERFARM_TEST_S3_BUCKET $S3_BUCKET
}
