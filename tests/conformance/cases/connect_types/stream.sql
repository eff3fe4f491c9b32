USE c_connect_types;
INSERT INTO m SELECT id + 10, d, t, dt, ts, n FROM m;
