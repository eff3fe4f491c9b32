USE c_moments_iso;
INSERT INTO m SELECT id + 10, d, t, t3, t6, dt, dt3, dt6, ts FROM m;
