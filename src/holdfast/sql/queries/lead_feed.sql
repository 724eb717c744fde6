-- Of all gateways that ask on one database, one reads its feed for the others for as long as its connection lasts; who leads may ask again. A machine that
-- has vanished does not keep the lead: the server looks after the connection, which else it may do after hours only.
select pg_try_advisory_lock(hashtextextended('holdfast.feed', 0)) as leads,
    set_config('tcp_keepalives_idle', '5', false), set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '2', false)
