USE c_overridden;
UPDATE events SET v = 'z';
