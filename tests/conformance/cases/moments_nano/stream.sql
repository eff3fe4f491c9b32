USE c_moments_nano;
INSERT INTO m SELECT id + 10, d, t, t6, dt, dt6, ts FROM m;
