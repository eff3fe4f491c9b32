USE c_shapes;
INSERT INTO g SELECT id + 10, any_, p, l, a, c FROM g;
